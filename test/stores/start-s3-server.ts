import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@shoal/core";
import { s3Blobs, type S3Options } from "@shoal/cluster/stores";
import type { BlobStoreFixture } from "@shoal/testing/blob-store-suite";

export interface S3Server extends AsyncDisposable {
  readonly endpoint: string;
  /** Where buckets are folders, and objects files. */
  readonly folder: string;
  /** What a store needs for the bucket `shoal`, which is there. */
  options(prefix: string): S3Options;
  /** What finds it by `s3://shoal/prefix`. */
  readonly environment: Readonly<Record<string, string>>;
}

const accessKeyId = "shoal-test";
const secretAccessKey = "not a secret, but long enough";

/** A real S3-compatible server on loopback, over a folder of its own. Pages of every origin may use it. */
export async function startS3Server(path: string): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), "shoal-s3-"));
  for (const name of ["data/shoal", "about"]) await mkdir(join(folder, name), { recursive: true });
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const server = spawn(path, ["--port", `127.0.0.1:${port}`, "--access", accessKeyId, "--secret", secretAccessKey, "--keep-alive", "--quiet", "--cors-allow-origin", "*", "posix", "--sidecar", join(folder, "about"), join(folder, "data")], { stdio: ["ignore", "ignore", "inherit"] });
  const gone = once(server, "exit");
  const ended = gone.then(([code]) => Promise.reject(new Error(`The S3 server ended with ${String(code)}.`)));
  ended.catch(() => {});
  await Promise.race([answers(endpoint), ended]);
  return {
    endpoint,
    folder: join(folder, "data"),
    options: (prefix) => ({ endpoint, bucket: "shoal", prefix, credentials: { accessKeyId, secretAccessKey }, clock: systemClock, random: Math.random }),
    environment: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_ENDPOINT_URL: endpoint },
    async [Symbol.asyncDispose]() {
      server.kill("SIGKILL");
      await gone;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A place of its own in the bucket, for the suite of blob stores. */
export function s3Fixture(server: S3Server): BlobStoreFixture {
  const options = server.options(`suite/${crypto.randomUUID()}`);
  return {
    blobs: s3Blobs(options),
    other: s3Blobs(options),
    reopen: async () => s3Blobs(options),
    damageBlob: (sha256) => changeByte(join(server.folder, "shoal", options.prefix as string, "blobs", sha256)),
  };
}

/** Flips a bit behind the 700th byte. */
export async function changeByte(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 700);
    await file.write(Buffer.from([(buffer[0] as number) ^ 1]), 0, 1, 700);
  } finally {
    await file.close();
  }
}

async function answers(endpoint: string): Promise<void> {
  for (;;) {
    try {
      await (await fetch(endpoint)).arrayBuffer();
      return;
    } catch {
      await systemClock.sleep(50);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
