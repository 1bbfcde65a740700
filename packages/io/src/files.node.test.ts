import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { blockRows } from "@shoal/core";
import { binarySource } from "./binary-source.ts";
import { collectRows } from "./collect-rows.fixture.ts";
import { findFiles, type SourceFile } from "./file-store.ts";
import { httpStore } from "./http-files.ts";
import { jsonSource } from "./json-source.ts";
import { jsonlSource } from "./jsonl-source.ts";
import { textSource } from "./text-source.ts";

const signal = new AbortController().signal;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-files-"));
});

async function files(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), `{"name":"${name}"}\n`);
  }
}
const namesOf = async (path: string | readonly string[]): Promise<unknown[]> => (await collectRows(jsonlSource(path))).map((row) => row["name"]);

describe("paths", () => {
  test("a directory: its files of the format, sorted, one level, no hidden ones", async () => {
    await files("b.jsonl", "a.jsonl", "c.txt", ".d.jsonl", "_e.jsonl", "sub/f.jsonl", "g.ndjson", "x.jsonl.dead-letters.jsonl");
    expect(await namesOf(folder)).toEqual(["a.jsonl", "b.jsonl", "g.ndjson"]);
    await expect(namesOf(join(folder, "sub", ".."))).resolves.toHaveLength(3);
    await expect(collectRows(textSource(join(folder, "sub")))).rejects.toMatchObject({ code: "no-files", details: { found: ["f.jsonl"] } });
  });

  test("a glob, a list, a file: URL, and a name that looks like a glob", async () => {
    await files("b.jsonl", "a.jsonl", "sub/f.jsonl", "[x].jsonl", "_e.jsonl");
    expect(await namesOf(join(folder, "**/*.jsonl"))).toEqual(["[x].jsonl", "a.jsonl", "b.jsonl", "sub/f.jsonl"]);
    expect(await namesOf([join(folder, "b.jsonl"), join(folder, "{a,b}.jsonl")])).toEqual(["b.jsonl", "a.jsonl"]);
    expect(await namesOf(pathToFileURL(join(folder, "a.jsonl")).href)).toEqual(["a.jsonl"]);
    expect(await namesOf(join(folder, "[x].jsonl"))).toEqual(["[x].jsonl"]);
    expect(await namesOf(join(folder, "_*.jsonl"))).toEqual(["_e.jsonl"]);
  });

  test("a glob passes over trials and the like, files and folders, unless it spells them; and says so where nothing else matches", async () => {
    await files("night/part-00000.jsonl", "night.limit-4/part-00000.jsonl", "rate.limit-5.jsonl", "out.jsonl.dead-letters.jsonl", "_log/x.jsonl", "a.jsonl");
    expect(await namesOf(join(folder, "**/*.jsonl"))).toEqual(["a.jsonl", "night/part-00000.jsonl"]);
    expect(await namesOf(join(folder, "*/*.jsonl"))).toEqual(["night/part-00000.jsonl"]);
    expect(await namesOf(join(folder, "*.limit-*.jsonl"))).toEqual(["rate.limit-5.jsonl"]);
    expect(await namesOf(join(folder, "night.limit-*/*.jsonl"))).toEqual(["night.limit-4/part-00000.jsonl"]);
    expect(await namesOf(join(folder, "night.limit-4/*.jsonl"))).toEqual(["night.limit-4/part-00000.jsonl"]);
    expect(await namesOf(join(folder, "night.limit-4", "..", "_log", "*.jsonl"))).toEqual(["_log/x.jsonl"]);
    expect(await namesOf(join(folder, "*.dead-letters.jsonl"))).toEqual(["out.jsonl.dead-letters.jsonl"]);
    await expect(namesOf(join(folder, "r*.jsonl"))).rejects.toMatchObject({ code: "no-files", message: expect.stringContaining("rate.limit-5.jsonl\" is passed over") as string });
    await files("lim/rate.limit-5.jsonl", "lim/rate.limit-6.jsonl");
    await expect(namesOf(join(folder, "lim"))).rejects.toMatchObject({ code: "no-files", message: expect.stringContaining('"rate.limit-5.jsonl" (and 1 more) is passed over') as string });
  });

  test("a file that changes between finding and reading is refused", async () => {
    await files("a.jsonl");
    const source = jsonlSource(join(folder, "a.jsonl"));
    for await (const partition of source.partitions(signal)) {
      await writeFile(join(folder, "a.jsonl"), '{"name":"longer than before"}\n');
      await expect(source.read(partition, { signal })[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "file-changed" });
    }
  });

  test("a file that changes while it is read is refused, before any row of the other one is given", async () => {
    const path = join(folder, "large.jsonl");
    const write = (word: string) => writeFile(path, Array.from({ length: 40_000 }, (_, n) => JSON.stringify({ n, word })).join("\n"));
    await write("before");
    const source = jsonlSource(path);
    for await (const partition of source.partitions(signal)) {
      const words = new Set<unknown>();
      const reading = (async () => {
        for await (const block of source.read(partition, { signal })) {
          if (words.size === 0) await write("after.");
          for (const row of blockRows(block)) words.add(row["word"]);
        }
      })();
      await expect(reading).rejects.toMatchObject({ code: "file-changed" });
      expect([...words]).toEqual(["before"]);
    }
    const [file] = await findFiles(path, [], signal);
    await write("after, and longer");
    await expect(file?.bytes(0, 100, signal)).rejects.toMatchObject({ code: "file-changed" });
  });

  test("bytes by range", async () => {
    await writeFile(join(folder, "a.bin"), "0123456789");
    const [file] = await findFiles(join(folder, "a.bin"), [], signal);
    expect(new TextDecoder().decode(await file?.bytes(2, 5, signal))).toBe("234");
    await expect(file?.bytes(8, 12, signal)).rejects.toMatchObject({ code: "file-truncated" });
  });

  test("a pipe or a device is refused, in a directory passed over", async () => {
    await files("a.jsonl");
    execFileSync("mkfifo", [join(folder, "pipe.jsonl")]);
    await symlink(join(folder, "pipe.jsonl"), join(folder, "link.jsonl"));
    for (const name of ["pipe.jsonl", "link.jsonl"]) await expect(namesOf(join(folder, name))).rejects.toMatchObject({ code: "not-seekable", message: expect.stringContaining("is a pipe") as string });
    await expect(collectRows(textSource("/dev/zero"))).rejects.toMatchObject({ code: "not-seekable" });
    expect(await namesOf(folder)).toEqual(["a.jsonl"]);
  });

  test("gzip of which nothing is left is cut short, and not empty", async () => {
    await files("plain.jsonl");
    const packed = gzipSync('{"a":1}\n');
    for (const length of [0, 1, 2, 10]) {
      await writeFile(join(folder, "a.jsonl.gz"), packed.subarray(0, length));
      await expect(collectRows(jsonlSource(join(folder, "a.jsonl.gz")))).rejects.toMatchObject({ code: "gzip-corrupt" });
    }
    await writeFile(join(folder, "plain.jsonl"), "");
    expect(await namesOf(join(folder, "plain.jsonl"))).toEqual([]);
    await writeFile(join(folder, "a.jsonl.gz"), gzipSync(""));
    expect(await namesOf(join(folder, "a.jsonl.gz"))).toEqual([]);
  });

  test("an aborted read ends", async () => {
    await files("a.jsonl");
    await expect(collectRows(jsonlSource(folder), { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
  });
});

test("text: one row a line", async () => {
  await writeFile(join(folder, "a.txt"), "one\r\n\ntwo\nthree");
  expect((await collectRows(textSource(folder))).map((row) => row["text"])).toEqual(["one", "", "two", "three"]);
  expect((await collectRows(textSource(folder, { dropBlank: true }), { firstRow: 1, limit: 1 }))).toEqual([{ text: "two" }]);
});

test("json: an array of rows, or one row", async () => {
  await writeFile(join(folder, "a.json"), '[{"a":1},{"a":2}]');
  await writeFile(join(folder, "b.json"), '{"a":3}');
  expect(await collectRows(jsonSource(folder))).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
  await writeFile(join(folder, "b.json"), '{"a":\n "x}');
  await expect(collectRows(jsonSource(join(folder, "b.json")))).rejects.toMatchObject({ code: "invalid-json", details: { line: 2, byte: 10 } });
});

test("binary: path and bytes; only paths are cheap", async () => {
  await writeFile(join(folder, "a.bin"), new Uint8Array([1, 2]));
  expect(await collectRows(binarySource(folder))).toEqual([{ path: join(folder, "a.bin"), bytes: new Uint8Array([1, 2]) }]);
  expect(await collectRows(binarySource(folder), { columns: ["path"] })).toEqual([{ path: join(folder, "a.bin") }]);
});

describe("http", () => {
  let close = (): unknown => undefined;
  afterEach(() => close());
  const seen: string[] = [];
  async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
    seen.length = 0;
    const server = createServer((request, response) => {
      seen.push(`${request.method} ${request.headers.range ?? ""}`.trim());
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    close = () => server.closeAllConnections() ?? server.close();
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.jsonl`;
  }
  const body = '{"a":1}\n{"a":2}\n';

  test("reads a URL, by stream and by range", async () => {
    const url = await serve((request, response) => {
      const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "");
      const part = range === null ? body : body.slice(Number(range[1]), Number(range[2]) + 1);
      response.writeHead(range === null ? 200 : 206, { etag: '"v1"', "content-length": part.length }).end(request.method === "HEAD" ? "" : part);
    });
    expect(await collectRows(jsonlSource(url))).toEqual([{ a: 1 }, { a: 2 }]);
    const [file] = await findFiles(url, [], signal);
    expect(file).toMatchObject({ path: url, size: body.length, version: '"v1"' });
    expect(new TextDecoder().decode(await file?.bytes(0, 7, signal))).toBe('{"a":1}');
  });

  test("does without HEAD and without ranges", async () => {
    const url = await serve((request, response) => void (request.method === "HEAD" ? response.writeHead(405).end() : response.writeHead(200, { "content-length": body.length }).end(body)));
    expect(await collectRows(jsonlSource(url))).toEqual([{ a: 1 }, { a: 2 }]);
    const [file] = await findFiles(url, [], signal);
    expect(new TextDecoder().decode(await file?.bytes(8, 15, signal))).toBe('{"a":2}');
  });

  test("tries again after a server's fault, and tells of a missing file and of a broken connection", async () => {
    let faults = 1;
    const url = await serve((request, response) => void (faults-- > 0 ? response.writeHead(503).end() : response.writeHead(200).end(request.method === "HEAD" ? "" : body)));
    expect(await collectRows(jsonlSource(url))).toHaveLength(2);
    close();
    await expect(collectRows(jsonlSource(await serve((_, response) => void response.writeHead(404).end())))).rejects.toMatchObject({ code: "file-not-found" });
    close();
    const cut = await serve((request, response) => {
      response.writeHead(200, { "content-length": 100 });
      if (request.method === "HEAD") response.end();
      else response.write(body, () => response.destroy());
    });
    await expect(collectRows(jsonlSource(cut))).rejects.toMatchObject({ code: "connection-lost" });
  });

  /** Only what GET is answered with matters. */
  const serveBody = (answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> =>
    serve((request, response) => void (request.method === "HEAD" ? response.writeHead(200, { etag: '"v1"', "content-length": body.length }).end() : answer(request, response)));
  async function textOf(file: SourceFile): Promise<string> {
    let text = "";
    for await (const bytes of file.stream(signal)) text += new TextDecoder().decode(bytes);
    return text;
  }

  test("a server that falls silent is given up: before its answer, and in it", async () => {
    const silent = await serve(() => {});
    await expect(httpStore({ idleMs: 50 }).open(silent, signal)).rejects.toMatchObject({ code: "unreachable", message: expect.stringContaining("did not answer within 0.05 s") as string });
    expect(seen).toEqual(["HEAD"]);
    close();
    const half = await serveBody((_, response) => void response.writeHead(200, { "content-length": body.length }).write(body.slice(0, 5)));
    const file = await httpStore({ idleMs: 300 }).open(half, signal);
    await expect(textOf(file)).rejects.toMatchObject({ code: "connection-lost", message: expect.stringContaining("sent 5 bytes, and then nothing for 0.3 s") as string });
    await expect(file.bytes(0, 8, signal)).rejects.toMatchObject({ code: "connection-lost" });
    expect(seen).toEqual(["HEAD", "GET", "GET bytes=0-7"]);
  });

  test("a slow reader is no silent server", async () => {
    let rest: () => void = () => {};
    const url = await serveBody((_, response) => {
      rest = () => void response.end(body.slice(8));
      response.writeHead(200).write(body.slice(0, 8));
    });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const file = await httpStore({ idleMs: 1000 }).open(url, signal);
    let text = "";
    for await (const bytes of file.stream(signal)) {
      if (text === "") {
        await vi.advanceTimersByTimeAsync(60_000);
        rest();
      }
      text += new TextDecoder().decode(bytes);
    }
    expect(text).toBe(body);
  });

  test("an abort ends the wait for a silent server, and its reason comes out", async () => {
    const abort = new AbortController();
    const url = await serve(() => abort.abort(new Error("enough")));
    await expect(httpStore().open(url, abort.signal)).rejects.toThrow("enough");
  });

  test("a stream that breaks goes on where it stopped, if the server knows ranges and the file is the same", async () => {
    const breaking = (etag: string) => (request: IncomingMessage, response: ServerResponse) => {
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      response.writeHead(from === 0 ? 200 : 206, { etag, "content-length": body.length - from, ...(from === 0 ? {} : { "content-range": `bytes ${from}-${body.length - 1}/${body.length}` }) });
      response.write(body.slice(from, from + 5), () => void (from + 5 >= body.length ? response.end() : response.destroy()));
    };
    const same = await httpStore().open(await serveBody(breaking('"v1"')), signal);
    expect(await textOf(same)).toBe(body);
    expect(seen).toEqual(["HEAD", "GET", "GET bytes=5-", "GET bytes=10-", "GET bytes=15-"]);
    close();
    const other = await httpStore().open(await serveBody((request, response) => breaking(request.headers.range === undefined ? '"v1"' : '"v2"')(request, response)), signal);
    await expect(textOf(other)).rejects.toMatchObject({ code: "file-changed" });
  });

  test("redirects in a circle are said to be that, and not followed again", async () => {
    const url = await serve((_, response) => void response.writeHead(302, { location: "/a.jsonl" }).end());
    await expect(collectRows(jsonlSource(url))).rejects.toMatchObject({ code: "http-refused", message: expect.stringContaining("redirect") as string });
    expect(seen.length).toBeLessThan(30);
  });
});
