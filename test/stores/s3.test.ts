// What a real S3-compatible server makes of it: conditional writes, parts, presigned URLs, pages of another origin, and errors that say what to do.
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256Of, type BlobStore } from "@shoal/cluster";
import { openStore, s3Blobs, type S3Options } from "@shoal/cluster/stores";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { findS3Server } from "./find-s3-server.ts";
import { startS3Server, type S3Server } from "./start-s3-server.ts";

const path = findS3Server();

describe.skipIf(path === undefined)("S3-compatible storage", () => {
  let server: S3Server;
  let options: S3Options;
  let blobs: BlobStore;
  /** What was asked, as method and name. */
  let asked: string[];
  beforeAll(async () => void (server = await startS3Server(path as string)));
  afterAll(() => server[Symbol.asyncDispose]());
  beforeEach(() => {
    asked = [];
    options = {
      ...server.options(`a prefix/with ünusual+signs/${crypto.randomUUID()}`),
      fetch: (input, init) => {
        const { pathname, search } = new URL(String(input));
        asked.push(`${init?.method} ${pathname.split("/").at(-1)}${search}`);
        return fetch(input, init);
      },
    };
    blobs = s3Blobs(options);
  });
  const some = async (length: number): Promise<readonly [string, Uint8Array<ArrayBuffer>]> => {
    const bytes = new Uint8Array(randomBytes(length));
    return [await sha256Of(bytes), bytes];
  };
  const fileOf = (sha256: string): string => join(server.folder, "shoal", options.prefix as string, "blobs", sha256);

  test("a first put is one request; a second one is refused, and renews what is there", async () => {
    const [sha256, bytes] = await some(1000);
    expect(await blobs.put(sha256, bytes)).toBe("stored");
    expect(asked).toEqual([`PUT ${sha256}`]);
    expect(statSync(fileOf(sha256)).size).toBe(1000);
    asked.length = 0;
    expect(await s3Blobs(options).put(sha256, bytes)).toBe("there");
    expect(asked).toEqual([`PUT ${sha256}`, `PUT ${sha256}`, "GET collecting.json"]);
  });

  test("a large one goes in parts, and comes back whole and in part; nothing unfinished is left", async () => {
    const [sha256, bytes] = await some(21_000_001);
    expect(await blobs.put(sha256, bytes)).toBe("stored");
    expect(asked.filter((each) => each.includes("partNumber"))).toHaveLength(3);
    expect(await blobs.size(sha256)).toBe(bytes.byteLength);
    expect(Buffer.from(await blobs.get(sha256)).equals(bytes)).toBe(true);
    expect(Buffer.from(await blobs.get(sha256, { start: 20_999_990, length: 100 })).equals(bytes.subarray(20_999_990))).toBe(true);
    expect(await s3Blobs(options).put(sha256, bytes)).toBe("there");
    expect(unfinished()).toEqual([]);
  });

  /** Parts that wait for the rest of theirs. */
  function unfinished(): string[] {
    const folder = join(server.folder, "shoal", ".sgwtmp", "multipart");
    return existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile()).map(({ name }) => name) : [];
  }

  test("a part that fails for good takes the whole upload back", async () => {
    const [sha256, bytes] = await some(20 << 20);
    let most = 0;
    const failing = s3Blobs({ ...options, tries: 1, fetch: (input, init) => {
      most = Math.max(most, unfinished().length);
      return String(input).includes("partNumber=2") ? Promise.reject(new TypeError("fetch failed")) : fetch(input, init);
    } });
    await expect(failing.put(sha256, bytes)).rejects.toMatchObject({ code: "engine-paused", details: { reason: "store-unreachable" } });
    expect(await blobs.size(sha256)).toBeUndefined();
    expect(most).toBeGreaterThan(0);
    expect(unfinished()).toEqual([]);
    expect(await blobs.put(sha256, bytes)).toBe("stored");
  });

  test("bytes that change on the way are refused by the server", async () => {
    const [sha256, bytes] = await some(1000);
    const [, others] = await some(1000);
    const lying = s3Blobs({ ...options, fetch: (input, init) => fetch(input, { ...init, ...(init?.body !== undefined && { body: others }) }) });
    await expect(lying.put(sha256, bytes)).rejects.toMatchObject({ code: "store-refused", details: { system: "XAmzContentSHA256Mismatch" } });
    expect(await blobs.size(sha256)).toBeUndefined();
  });

  test("whoever has a presigned URL reads and writes that one blob, without credentials", async () => {
    const [sha256, bytes] = await some(50_000);
    const put = (await blobs.url?.(sha256, "put", 60_000)) as string;
    expect((await fetch(put, { method: "PUT", body: bytes })).status).toBe(200);
    expect(Buffer.from(await blobs.get(sha256)).equals(bytes)).toBe(true);
    const get = (await blobs.url?.(sha256, "get", 60_000)) as string;
    expect(Buffer.from(await (await fetch(get)).arrayBuffer()).equals(bytes)).toBe(true);
    expect(Buffer.from(await (await fetch(get, { headers: { range: "bytes=10-19" } })).arrayBuffer()).equals(bytes.subarray(10, 20))).toBe(true);
    // Not by the other method, not another one, not without the signature.
    expect((await fetch(get, { method: "PUT", body: bytes })).status).toBe(403);
    expect((await fetch(get.replace(sha256, "0".repeat(64)))).status).toBe(403);
    expect((await fetch(get.split("?")[0] as string)).status).toBe(403);
    expect(await blobs.url?.("../../escaped", "get", 60_000)).toBeUndefined();
  });

  test("a presigned URL ends when its time is over", async () => {
    const [sha256, bytes] = await some(10);
    await blobs.put(sha256, bytes);
    const ended = s3Blobs({ ...options, date: () => Date.now() - 120_000 });
    const refused = await fetch((await ended.url?.(sha256, "get", 60_000)) as string);
    expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining("expired")]);
    expect((await fetch((await ended.url?.(sha256, "get", 600_000)) as string)).status).toBe(200);
  });

  test("what a tab wrote under a name that is not its own is given to nobody, and made good by who has the bytes", async () => {
    const [sha256, bytes] = await some(1000);
    const put = (await blobs.url?.(sha256, "put", 60_000)) as string;
    expect((await fetch(put, { method: "PUT", body: "something else" })).status).toBe(200);
    await expect(blobs.get(sha256)).rejects.toMatchObject({ code: "blob-damaged" });
    expect(await s3Blobs(options).put(sha256, bytes)).toBe("there");
    expect(await s3Blobs(options).get(sha256)).toEqual(bytes);
    expect(await blobs.put(sha256, bytes)).toBe("stored");
  });

  test("a page of another origin may ask", async () => {
    const [sha256] = await some(10);
    for (const method of ["GET", "PUT"] as const) {
      const url = (await blobs.url?.(sha256, method === "GET" ? "get" : "put", 60_000)) as string;
      const allowed = await fetch(url, { method: "OPTIONS", headers: { origin: "https://volunteers.example", "access-control-request-method": method, "access-control-request-headers": "content-type,range" } });
      expect(allowed.ok).toBe(true);
      expect(allowed.headers.get("access-control-allow-origin")).toMatch(/^(\*|https:\/\/volunteers\.example)$/);
      expect(allowed.headers.get("access-control-allow-methods")).toContain(method);
    }
  });

  test.each([
    ["a wrong secret", { AWS_SECRET_ACCESS_KEY: "wrong" }, "shoal", "store-refused", /SignatureDoesNotMatch.*AWS_SECRET_ACCESS_KEY/],
    ["an unknown key", { AWS_ACCESS_KEY_ID: "nobody" }, "shoal", "store-refused", /access key.*AWS_ACCESS_KEY_ID/],
    ["another region", { AWS_REGION: "eu-west-9" }, "shoal", "store-refused", /AuthorizationHeaderMalformed.*AWS_REGION/],
    ["no such bucket", {}, "nowhere", "store-missing", /there is no bucket s3:\/\/nowhere\/ at http:\/\/127\.0\.0\.1.*Make the bucket/],
    ["no credentials", { AWS_SECRET_ACCESS_KEY: "" }, "shoal", "bad-option", /AWS_SECRET_ACCESS_KEY is not set/],
    ["nobody at the address", { AWS_ENDPOINT_URL: "http://127.0.0.1:9" }, "shoal", "store-unreachable", /after 5 tries there was no answer.*whether the service runs/],
    ["an address that is none", { AWS_ENDPOINT_URL: "nothing" }, "shoal", "bad-option", /no address of an S3-compatible service/],
  ])("%s is said when it is opened", async (_what, changed, bucket, code, message) => {
    const opened = openStore(`s3://${bucket}`, { environment: { ...server.environment, ...changed }, random: () => 0 });
    const error = (await opened.then(() => undefined, (reason: unknown) => reason)) as { code: string; message: string };
    expect(error).toMatchObject({ code });
    expect(error.message.replaceAll("\n", " ")).toMatch(message);
  });

  test("files of gigabytes would pass as this one does: in parts, checked, and read by range by another gateway", async () => {
    const at = `s3://shoal/${crypto.randomUUID()}`;
    const scratch = join(server.folder, "..", "scratch");
    const [here, there] = [await openStore(at, { environment: server.environment, scratch }), await openStore(at, { environment: server.environment, scratch })];
    const bytes = new Uint8Array(randomBytes(20_000_000));
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    for (let from = 0; from < bytes.byteLength; from += 3_000_000) await here.files.put(sha256, from, bytes.subarray(from, from + 3_000_000), from + 3_000_000 >= bytes.byteLength);
    expect([await there.files.has(sha256), await there.files.size(sha256)]).toEqual([true, bytes.byteLength]);
    expect(await there.files.read(sha256, { start: 19_999_990, length: 100 })).toEqual(bytes.slice(-10));
    const parts: Uint8Array[] = [];
    for await (const part of there.files.parts(sha256, { start: 5, length: 9_000_000 })) parts.push(part);
    expect(Buffer.concat(parts).equals(bytes.subarray(5, 9_000_005))).toBe(true);
    await expect(there.files.put("0".repeat(64), 0, bytes.subarray(0, 10), true)).rejects.toMatchObject({ code: "blob-mismatch" });
    await expect(there.files.read("0".repeat(64))).rejects.toMatchObject({ code: "blob-missing" });
    const model = join(server.folder, "..", "model.bin");
    writeFileSync(model, "a model");
    const modelSha256 = createHash("sha256").update("a model").digest("hex");
    await here.files.add(modelSha256, model);
    expect(Buffer.from(await there.files.read(modelSha256)).toString()).toBe("a model");
    await Promise.all([here.close(), there.close()]);
    expect(readdirSync(scratch)).toEqual([]);
  });

  test("files go when nobody has asked for them in long, none of which a job of any gateway needs", async () => {
    const at = crypto.randomUUID();
    const open = (): ReturnType<typeof openStore> => openStore(`s3://shoal/${at}`, { environment: server.environment, limits: { mostBytes: 10 } });
    const first = await open();
    const put = async (text: string): Promise<string> => {
      const sha256 = createHash("sha256").update(text).digest("hex");
      await first.files.put(sha256, 0, Buffer.from(text), true);
      const tenHoursAgo = Date.now() / 1000 - 36_000;
      utimesSync(join(server.folder, "shoal", at, "files", sha256), tenHoursAgo, tenHoursAgo);
      return sha256;
    };
    const [needed, asked, loose] = [await put("needed by a job"), await put("asked for a moment ago"), await put("wanted by nobody")];
    const [here, there] = [await open(), await open()];
    expect(await here.files.has(asked)).toBe(true);
    await here.files.collect((sha256) => sha256 === needed);
    // It does not know of that job.
    await there.files.collect(() => false);
    const left = readdirSync(join(server.folder, "shoal", at, "files"));
    expect(left.toSorted()).toEqual([needed, asked].toSorted());
    expect([await there.files.has(needed), await there.files.has(loose)]).toEqual([true, false]);
    await Promise.all([first, here, there].map((each) => each.close()));
  });

  test("many at once are stored, each whole, while others collect", async () => {
    const all = await Promise.all(Array.from({ length: 60 }, () => some(20_000)));
    const collectors = [s3Blobs(options), s3Blobs(options)];
    const putting = all.map(([sha256, bytes]) => blobs.put(sha256, bytes));
    for (let turn = 0; turn < 5; turn++) await Promise.all(collectors.map((each) => each.collect(() => false, 60_000)));
    await Promise.all(putting);
    await Promise.all(all.map(async ([sha256, bytes]) => expect(Buffer.from(await blobs.get(sha256)).equals(bytes)).toBe(true)));
  });
});
