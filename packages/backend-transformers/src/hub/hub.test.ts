import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { silentLogger } from "@shoal/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { requiredJson } from "../model/model-files.ts";
import type { HubOptions } from "./hub-files.ts";
import { hubSettings, nodeHubFiles } from "./node-hub-files.ts";
import { openModelFiles } from "./open-model-files.ts";

/** A file of a test server, and how it misbehaves. */
interface ServedFile {
  readonly bytes: Uint8Array;
  /** 302 to this URL, as the hub does for large files; with the file's SHA-256 as `x-linked-etag`. */
  readonly redirect?: string;
  /** Needs this token. */
  readonly token?: string;
  /** The connection is cut after so many bytes of each answer. */
  readonly cutAfter?: number;
  /** Ignores ranges. */
  readonly whole?: boolean;
  /** Status instead of the file, for the first answers. */
  readonly statuses?: number[];
  /** Said instead of the right one. */
  readonly etag?: string;
  readonly delayMs?: number;
}

interface SeenRequest {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

interface HubTestServer extends AsyncDisposable {
  readonly url: string;
  readonly files: Map<string, ServedFile>;
  readonly requests: SeenRequest[];
}

/** An HTTP server with the files it is given, by path. */
async function hubTestServer(files: Readonly<Record<string, ServedFile>> = {}): Promise<HubTestServer> {
  const served = new Map(Object.entries(files));
  const requests: SeenRequest[] = [];
  const server = createServer((request, response) => {
    requests.push({ path: request.url ?? "", authorization: request.headers.authorization, range: request.headers.range });
    const file = served.get(request.url ?? "");
    setTimeout(() => answer(file, request, response), file?.delayMs ?? 0);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files: served,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function answer(file: ServedFile | undefined, request: IncomingMessage, response: ServerResponse): void {
  if (file === undefined) return void response.writeHead(404).end("Entry not found");
  if (file.token !== undefined && request.headers.authorization !== `Bearer ${file.token}`) return void response.writeHead(401).end();
  const status = file.statuses?.shift();
  if (status !== undefined) return void response.writeHead(status).end();
  const etag = file.etag ?? `"${sha256(file.bytes)}"`;
  if (file.redirect !== undefined) return void response.writeHead(302, { location: file.redirect, "x-linked-etag": etag, "x-linked-size": file.bytes.length }).end();
  const start = file.whole === true ? 0 : Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const ranged = start > 0 ? { "content-range": `bytes ${start}-${file.bytes.length - 1}/${file.bytes.length}` } : {};
  response.writeHead(start > 0 ? 206 : 200, { etag, "content-length": file.bytes.length - start, ...ranged });
  if (file.cutAfter === undefined || start + file.cutAfter >= file.bytes.length) return void response.end(file.bytes.subarray(start));
  response.write(file.bytes.subarray(start, start + file.cutAfter), () => setTimeout(() => response.destroy(), 20));
}

const weights = Uint8Array.from({ length: 200_000 }, (_, at) => (at * 7919) % 251);
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const signal = new AbortController().signal;

let cacheDirectory: string;
beforeEach(async () => {
  cacheDirectory = await mkdtemp(join(tmpdir(), "shoal-hub-"));
});
afterEach(() => rm(cacheDirectory, { recursive: true, force: true }));

function open(server: HubTestServer, options: HubOptions = {}, { model = "org/model", revision = "main" } = {}) {
  return openModelFiles(model, revision, hubSettings({ endpoint: server.url, cacheDirectory, offline: false, ...options }), nodeHubFiles, signal, silentLogger);
}

async function cachedFiles(): Promise<string[]> {
  const entries = await readdir(cacheDirectory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name).sort();
}

const resolve = (path: string, revision = "main") => `/org/model/resolve/${revision}/${path}`;

describe("a hub model", () => {
  it("is fetched once, whole, and found in the cache after that", async () => {
    await using server = await hubTestServer({ [resolve("onnx/model.onnx")]: { bytes: weights } });
    const path = await (await open(server)).locate("onnx/model.onnx");
    expect(Buffer.compare(await readFile(path as string), weights)).toBe(0);
    expect(await (await open(server)).locate("onnx/model.onnx")).toBe(path);
    expect(server.requests.length).toBe(1);
    expect(await cachedFiles()).toEqual(["model.onnx"]);
  });

  it("is fetched at its revision", async () => {
    await using server = await hubTestServer({ [resolve("config.json", "v2")]: { bytes: json({ version: 2 }) }, [resolve("config.json")]: { bytes: json({ version: 1 }) } });
    expect(await requiredJson(await open(server, {}, { revision: "v2", model: "org/model" }), "config.json")).toEqual({ version: 2 });
    expect(await requiredJson(await open(server), "config.json")).toEqual({ version: 1 });
  });

  it("says where a missing file was looked for, and asks once for an optional one", async () => {
    await using server = await hubTestServer();
    const files = await open(server);
    await expect(requiredJson(files, "config.json")).rejects.toMatchObject({ code: "model-not-found", message: expect.stringContaining(`${server.url}/org/model/resolve/main/config.json`) });
    expect(await files.read("chat_template.jinja")).toBeUndefined();
    expect(await files.read("chat_template.jinja")).toBeUndefined();
    expect(server.requests.length).toBe(2);
  });

  it("that lacked a file has it once its branch has it, and a commit is not asked again", async () => {
    const commit = "c".repeat(40);
    const server = await hubTestServer();
    for (const revision of ["main", commit]) expect(await (await open(server, {}, { model: "org/model", revision })).read("config.json")).toBeUndefined();
    for (const revision of ["main", commit]) server.files.set(resolve("config.json", revision), { bytes: json({}) });
    expect(await requiredJson(await open(server), "config.json")).toEqual({});
    expect(await (await open(server, {}, { model: "org/model", revision: commit })).read("config.json")).toBeUndefined();
    expect(await (await open(server)).read("chat_template.jinja")).toBeUndefined();
    await server[Symbol.asyncDispose]();
    expect(await (await open(server)).read("chat_template.jinja"), "while the server is away").toBeUndefined();
  });

  it("follows a redirect to another host, which never sees the token", async () => {
    await using storage = await hubTestServer({ "/blob": { bytes: weights } });
    await using server = await hubTestServer({ [resolve("model.onnx")]: { bytes: weights, redirect: `${storage.url}/blob`, token: "secret" } });
    const path = await (await open(server, { token: "secret" })).locate("model.onnx");
    expect((await readFile(path as string)).length).toBe(weights.length);
    expect(server.requests.map(({ authorization }) => authorization)).toEqual(["Bearer secret"]);
    expect(storage.requests.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it("says what to do about a gated one", async () => {
    await using server = await hubTestServer({ [resolve("config.json")]: { bytes: json({}), token: "secret" } });
    await expect((await open(server, { token: "" })).read("config.json")).rejects.toMatchObject({ code: "unauthorized", message: expect.stringMatching(/401.*HF_TOKEN/s) });
    await expect((await open(server, { token: "wrong" })).read("config.json")).rejects.toThrow(/the token that was sent is not enough/);
    expect(await requiredJson(await open(server, { token: "secret" }), "config.json")).toEqual({});
  });

  it("is not fetched when offline", async () => {
    await using server = await hubTestServer({ [resolve("config.json")]: { bytes: json({}) } });
    await expect(requiredJson(await open(server, { offline: true }), "config.json")).rejects.toThrow(/offline: nothing is fetched/);
    await (await open(server)).read("config.json");
    expect(await requiredJson(await open(server, { offline: true }), "config.json")).toEqual({});
    expect(server.requests.length).toBe(1);
  });

  it("that Python's library has in its cache is not fetched again", async () => {
    await using server = await hubTestServer();
    const repository = join(cacheDirectory, "models--org--model");
    await mkdir(join(repository, "refs"), { recursive: true });
    await mkdir(join(repository, "snapshots", "abc123"), { recursive: true });
    await writeFile(join(repository, "refs", "main"), "abc123");
    await writeFile(join(repository, "snapshots", "abc123", "config.json"), "{}");
    expect(await requiredJson(await open(server), "config.json")).toEqual({});
    expect(server.requests).toEqual([]);
  });

  it("is fetched once by loaders that start together", async () => {
    await using server = await hubTestServer({ [resolve("model.onnx")]: { bytes: weights, delayMs: 100 } });
    const paths = await Promise.all(Array.from({ length: 5 }, async () => (await open(server)).locate("model.onnx")));
    expect(new Set(paths).size).toBe(1);
    expect(server.requests.length).toBe(1);
  });
});

describe("a download", () => {
  it("goes on where the connection was cut", async () => {
    await using server = await hubTestServer({ [resolve("model.onnx")]: { bytes: weights, cutAfter: 60_000 } });
    const path = await (await open(server)).locate("model.onnx");
    expect(Buffer.compare(await readFile(path as string), weights)).toBe(0);
    // A busy machine may cut earlier than asked, even before the first byte: each answer still begins where the one before ended.
    const starts = server.requests.map(({ range }) => Number(/\d+/.exec(range ?? "0")?.[0]));
    expect(starts.length).toBeGreaterThanOrEqual(4);
    expect(new Set(starts).size).toBeGreaterThanOrEqual(4);
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
  });

  it("begins again where the server knows no ranges", async () => {
    const path = resolve("model.onnx");
    await using server = await hubTestServer({ [path]: { bytes: weights, cutAfter: 60_000 } });
    const located = (await open(server)).locate("model.onnx");
    await expect.poll(() => server.requests.length).toBeGreaterThanOrEqual(2);
    server.files.set(path, { bytes: weights, whole: true });
    expect(Buffer.compare(await readFile((await located) as string), weights)).toBe(0);
  });

  it("is tried again, and given up when nothing new comes", async () => {
    await using server = await hubTestServer({ [resolve("model.onnx")]: { bytes: weights, statuses: [503, 503] }, [resolve("cut.onnx")]: { bytes: weights, cutAfter: 0 } });
    expect(await (await open(server)).locate("model.onnx")).toBeDefined();
    await expect((await open(server)).locate("cut.onnx")).rejects.toMatchObject({ code: "download-failed", message: expect.stringContaining("bytes are kept") });
    expect(await cachedFiles()).not.toContain("cut.onnx");
  });

  it("of an earlier process is taken up, unless the file has changed", async () => {
    const path = resolve("model.onnx");
    await using server = await hubTestServer({ [path]: { bytes: weights, cutAfter: 0 } });
    const target = join(cacheDirectory, "shoal", encodeURIComponent(new URL(server.url).host), "org--model", "@main", "model.onnx");
    const leave = async (etag: string) => {
      await mkdir(dirname(target), { recursive: true });
      await writeFile(`${target}.partial`, weights.subarray(0, 150_000));
      await writeFile(`${target}.partial.etag`, etag);
      server.requests.length = 0;
    };
    server.files.set(path, { bytes: weights });
    await leave(sha256(weights));
    await (await open(server)).locate("model.onnx");
    expect(server.requests.map(({ range }) => range)).toEqual(["bytes=150000-"]);
    await rm(target);
    await leave("another");
    await (await open(server)).locate("model.onnx");
    expect(server.requests.map(({ range }) => range)).toEqual(["bytes=150000-", undefined]);
    expect(Buffer.compare(await readFile(target), weights)).toBe(0);
    expect(await cachedFiles()).toEqual(["model.onnx"]);
  });

  it("is refused when its sum is wrong, and leaves nothing", async () => {
    await using server = await hubTestServer({ [resolve("model.onnx")]: { bytes: weights, etag: `"${"0".repeat(64)}"` } });
    await expect((await open(server)).locate("model.onnx")).rejects.toMatchObject({ code: "download-corrupt" });
    expect(await cachedFiles()).not.toContain("model.onnx");
    server.files.set(resolve("model.onnx"), { bytes: weights });
    expect(Buffer.compare(await readFile((await (await open(server)).locate("model.onnx")) as string), weights)).toBe(0);
  });

  it("is refused when its length is not the announced one", async () => {
    await using storage = await hubTestServer({ "/blob": { bytes: weights.subarray(0, 1000), etag: `"v1"` } });
    await using server = await hubTestServer({ [resolve("model.onnx")]: { bytes: weights.subarray(0, 500), redirect: `${storage.url}/blob`, etag: `"v1"` } });
    await expect((await open(server)).locate("model.onnx")).rejects.toMatchObject({ code: "download-corrupt", message: expect.stringContaining("1000 bytes came where 500 were announced") });
  });

  it("takes over the lock of a process that died, and of one that says nothing", async () => {
    await using server = await hubTestServer({ [resolve("a")]: { bytes: weights }, [resolve("b")]: { bytes: weights } });
    const files = await open(server);
    const lockOf = (name: string) => join(cacheDirectory, "shoal", encodeURIComponent(new URL(server.url).host), "org--model", "@main", `${name}.lock`);
    await mkdir(dirname(lockOf("a")), { recursive: true });
    const { hostname } = await import("node:os");
    await writeFile(lockOf("a"), JSON.stringify({ host: hostname(), pid: 2 ** 22 + 1, id: "x" }));
    await writeFile(lockOf("b"), JSON.stringify({ host: "elsewhere", pid: 1, id: "x" }));
    await utimes(lockOf("b"), new Date(0), new Date(0));
    expect(await files.locate("a")).toBeDefined();
    expect(await files.locate("b")).toBeDefined();
    expect(await cachedFiles()).toEqual(["a", "b"]);
  });

  it("waits for a lock that is held, until aborted", async () => {
    await using server = await hubTestServer({ [resolve("a")]: { bytes: weights } });
    const abort = new AbortController();
    const files = await openModelFiles("org/model", "main", hubSettings({ endpoint: server.url, cacheDirectory }), nodeHubFiles, abort.signal, silentLogger);
    await using _ = await nodeHubFiles.lock(join(cacheDirectory, "shoal", encodeURIComponent(new URL(server.url).host), "org--model", "@main", "a.lock"), signal);
    const waiting = files.locate("a");
    abort.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("aborted");
    expect(server.requests).toEqual([]);
  });
});

describe("a model given otherwise", () => {
  it("is a directory, a file: URL or an http URL", async () => {
    const directory = join(cacheDirectory, "my model");
    await mkdir(directory);
    await writeFile(join(directory, "config.json"), `{"a":1}`);
    await using server = await hubTestServer({ "/models/x/config.json": { bytes: json({ a: 2 }) } });
    expect(await requiredJson(await open(server, {}, { model: directory, revision: "main" }), "config.json")).toEqual({ a: 1 });
    expect(await requiredJson(await open(server, {}, { model: `${pathToFileURL(directory).href}/`, revision: "main" }), "config.json")).toEqual({ a: 1 });
    expect(await requiredJson(await open(server, {}, { model: `${server.url}/models/x`, revision: "main" }), "config.json")).toEqual({ a: 2 });
  });

  it("gives an error that names the place when it is not there, or no name at all", async () => {
    await using server = await hubTestServer();
    await expect(open(server, {}, { model: "./nowhere", revision: "main" })).rejects.toMatchObject({ code: "model-not-found" });
    await expect(open(server, {}, { model: "a/b/c", revision: "main" })).rejects.toMatchObject({ code: "bad-model-name" });
    await expect(open(server, {}, { model: "org/..", revision: "main" })).rejects.toMatchObject({ code: "bad-model-name" });
  });

  it("says which file is not JSON", async () => {
    await writeFile(join(cacheDirectory, "config.json"), "{");
    await using server = await hubTestServer();
    await expect(requiredJson(await open(server, {}, { model: cacheDirectory, revision: "main" }), "config.json")).rejects.toMatchObject({ code: "bad-model-file", message: expect.stringContaining("config.json") });
  });
});
