import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serve, type TestServer } from "./served.ts";

const program = Buffer.from("a program, ".repeat(10_000));
const folder = mkdtempSync(join(tmpdir(), "shoal-page-"));
let server: TestServer;

beforeAll(async () => {
  mkdirSync(join(folder, "assets"));
  writeFileSync(join(folder, "index.html"), "<!doctype html>");
  writeFileSync(join(folder, "assets/program.wasm"), program);
  writeFileSync(join(folder, "assets/program.wasm.gz"), gzipSync(program));
  server = await serve({ pages: { volunteer: folder, dashboard: folder } });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

interface Raw {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** As it came: `fetch` would unpack it. */
function raw(path: string, headers: Record<string, string> = {}): Promise<Raw> {
  return new Promise((resolve, reject) => {
    request(`${server.url}${path}`, { headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part)).on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(parts) }));
    }).on("error", reject).end();
  });
}

test.each([["gzip, deflate, br"], ["br;q=1, gzip;q=0.5"], ["*"]])("what lies there compressed is sent so to who takes %s", async (accepted) => {
  const { status, headers, body } = await raw("assets/program.wasm", { "accept-encoding": accepted });
  expect(status).toBe(200);
  expect(headers).toMatchObject({ "content-encoding": "gzip", "content-type": "application/wasm", vary: "accept-encoding", "content-length": String(body.byteLength), "cache-control": expect.stringContaining("immutable") as string });
  expect(body.byteLength).toBeLessThan(program.byteLength / 10);
  expect(gunzipSync(body).equals(program)).toBe(true);
});

test.each([[undefined], ["br"], ["gzip;q=0"], ["identity"]])("others get it as it is: %s", async (accepted) => {
  const { headers, body } = await raw("assets/program.wasm", accepted === undefined ? {} : { "accept-encoding": accepted });
  expect(headers).toMatchObject({ vary: "accept-encoding", "content-length": String(program.byteLength) });
  expect(headers["content-encoding"]).toBeUndefined();
  expect(createHash("sha256").update(body).digest("base64url")).toBe(headers.etag?.replaceAll('"', ""));
});

test("each form has a tag of its own, and who has it is sent nothing", async () => {
  const packed = await raw("assets/program.wasm", { "accept-encoding": "gzip" });
  const plain = await raw("assets/program.wasm");
  expect(packed.headers.etag).not.toBe(plain.headers.etag);
  const again = await raw("assets/program.wasm", { "accept-encoding": "gzip", "if-none-match": packed.headers.etag ?? "" });
  expect([again.status, again.body.byteLength, again.headers.vary]).toEqual([304, 0, "accept-encoding"]);
  expect((await raw("assets/program.wasm", { "if-none-match": packed.headers.etag ?? "" })).status).toBe(200);
});

test("a small file has one form, and a file that was built anew another tag", async () => {
  const before = await raw("", { "accept-encoding": "gzip" });
  expect([before.body.toString(), before.headers.vary, before.headers["content-encoding"]]).toEqual(["<!doctype html>", undefined, undefined]);
  writeFileSync(join(folder, "index.html"), "<!doctype html>\n");
  expect((await raw("", { "if-none-match": before.headers.etag ?? "" })).status).toBe(200);
  expect((await raw("assets/program.wasm.gz")).status).toBe(404);
});
