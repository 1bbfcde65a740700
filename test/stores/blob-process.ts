import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { BlobStore } from "@shoal/cluster";
import { ShoalError, type ErrorData } from "@shoal/core";
import { findRuntime, type RuntimeName } from "../runtimes/find-runtime.ts";

export interface BlobCall {
  readonly id: number;
  readonly method: "put" | "get" | "size" | "collect";
  readonly sha256?: string;
  /** In base64. */
  readonly bytes?: string;
  readonly range?: { readonly start: number; readonly length: number };
  readonly graceMs?: number;
}

export interface BlobReply {
  readonly id: number;
  readonly value?: unknown;
  readonly bytes?: string;
  readonly error?: ErrorData;
}

export interface BlobProcess extends AsyncDisposable {
  readonly blobs: BlobStore;
  readonly pid: number;
  kill(): Promise<void>;
}

const program = fileURLToPath(new URL("serve-blobs.ts", import.meta.url));

/** A shared folder by another process: of this runtime, or the one that this test runs in Node for. */
export function startBlobProcess(folder: string): BlobProcess {
  const runtime = process.env["SHOAL_RUNTIME"] as RuntimeName | undefined;
  const command = runtime === undefined ? ["--conditions=@shoal/source", "--import", import.meta.resolve("@shoal/workers/ts-loader"), program] : (findRuntime(runtime)?.command(program, "@shoal/source") ?? []);
  const child = spawn(process.execPath, [...command, folder], { stdio: ["pipe", "pipe", "inherit"] });
  const gone = once(child, "exit");
  const open = new Map<number, (reply: BlobReply) => void>();
  child.stdin.on("error", () => {});
  createInterface({ input: child.stdout }).on("line", (line) => {
    const reply = JSON.parse(line) as BlobReply;
    open.get(reply.id)?.(reply);
    open.delete(reply.id);
  });
  let calls = 0;
  const call = async (what: Omit<BlobCall, "id">): Promise<BlobReply> => {
    const id = calls++;
    const replied = new Promise<BlobReply>((resolve) => open.set(id, resolve));
    child.stdin.write(`${JSON.stringify({ id, ...what })}\n`);
    const reply = await replied;
    if (reply.error !== undefined) throw ShoalError.fromData(reply.error);
    return reply;
  };
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await gone;
  };
  return {
    pid: child.pid as number,
    kill,
    [Symbol.asyncDispose]: kill,
    blobs: {
      put: async (sha256, bytes) => (await call({ method: "put", sha256, bytes: Buffer.from(bytes).toString("base64") })).value as "stored" | "there",
      get: async (sha256, range) => new Uint8Array(Buffer.from((await call({ method: "get", sha256, ...(range && { range }) })).bytes ?? "", "base64")),
      size: async (sha256) => (await call({ method: "size", sha256 })).value as number | undefined,
      // A function can't be sent: there, nothing is referred to.
      collect: async (_isReferenced, graceMs) => (await call({ method: "collect", graceMs })).value as { removed: number; bytes: number },
    },
  };
}
