import { spawn, execFileSync, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { Finished } from "../cli/shoal.ts";
import { findRuntime, type RuntimeName } from "../runtimes/find-runtime.ts";

const main = fileURLToPath(new URL("../../packages/shoal/src/cli/main.ts", import.meta.url));
const loader = new URL("../../packages/workers/ts-loader/register.mjs", import.meta.url).href;

/** What runs the command in each runtime that is here. */
export const runtimes: readonly { readonly name: "node" | RuntimeName; readonly command: readonly string[] }[] = [
  { name: "node", command: [process.execPath, "--conditions=@shoal/source", `--import=${loader}`, main] },
  ...(["bun", "deno"] as const).flatMap((name) => {
    const runtime = findRuntime(name);
    return runtime === undefined ? [] : [{ name, command: [runtime.path, ...runtime.command(main, "@shoal/source")] }];
  }),
];

export interface WorkProcess {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** What it has written so far. */
  readonly text: () => string;
}

/** A folder for what workers of one test keep. */
export async function cacheFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "shoal-work-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** `shoal work`, in a process of its own. */
export function startWork(args: readonly string[], cache: string, [program = "", ...before]: readonly string[] = runtimes[0]?.command ?? []): WorkProcess {
  const child = spawn(program, [...before, "work", ...args], { env: { ...process.env, XDG_CACHE_HOME: cache, HF_HOME: join(cache, "huggingface") }, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const finished = new Promise<Finished>((resolve) => child.on("close", (code, signal) => resolve({ code, signal, out, err })));
  return { child, finished, text: () => out + err };
}

/** Processes that a process has started. */
export function childrenOf(parent: number): number[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
  return lines.map((line) => line.trim().split(/\s+/).map(Number)).flatMap(([pid, ppid]) => (ppid === parent && pid !== undefined ? [pid] : []));
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
