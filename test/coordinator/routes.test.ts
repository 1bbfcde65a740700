import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { securityHeaders } from "@shoal/coordinator";
import type { JobSnapshot, Snapshot } from "@shoal/cluster";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer, serve, type TestServer } from "./served.ts";

const model = new Uint8Array(1_000_000).map((_, index) => (index * 31) % 251);
const sha256 = createHash("sha256").update(model).digest("hex");

const job: JobSnapshot = {
  job: "j1", name: "labels", state: "running", startedAt: 1, volunteers: true, about: { note: "Film reviews.", columns: ["text"] }, downloadBytes: 5000, rowsDone: 10, rowsTotal: 100, isEstimate: true, rowsPerSecond: 5,
  failedRows: 1, bottleneck: "There are few workers.", samples: [], failures: [],
  segments: [{ segment: 0, name: "text-classification(sentiment)", rowsDone: 10, blocks: { ready: 3, leased: 2, committing: 1, done: 4, troubled: 0 }, map: [["d", 4]] }],
};

let server: TestServer;
beforeAll(async () => {
  server = await serve();
  for (let at = 0; at < model.byteLength; at += 300_000) await server.files.put(sha256, at, model.subarray(at, at + 300_000), at + 300_000 >= model.byteLength);
  server.gateway.models.set("m1/onnx/model.onnx", { path: "onnx/model.onnx", sha256, bytes: model.byteLength });
});
afterAll(() => server.close());

const get = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${server.url}${path}`, { redirect: "manual", ...init });

test("every answer carries the headers that keep strangers out, errors and redirects too", async () => {
  const answers = await Promise.all(["", "dashboard/", "dashboard", "nothing", "api/snapshots", "api/job", "metrics", "healthz", "connect", `models/~worker/m1/onnx/model.onnx`, "models/~nobody/m1/x"].map((path) => get(path, { method: "HEAD" })));
  for (const answer of answers) for (const [name, value] of Object.entries(securityHeaders)) expect([answer.url, name, answer.headers.get(name)]).toEqual([answer.url, name, value]);
  expect(securityHeaders["content-security-policy"]).not.toMatch(/unsafe-inline|unsafe-eval'(?<!wasm-unsafe-eval')|\*/);
  expect(answers[2]).toMatchObject({ status: 308 });
  expect(new URL(answers[2]?.headers.get("location") ?? "", `${server.url}dashboard`).href).toBe(`${server.url}dashboard/`);
});

describe("files", () => {
  const path = "models/~worker/m1/onnx/model.onnx";
  const etag = `"${sha256}"`;

  test("come whole, with their hash", async () => {
    const answer = await get(path);
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({ etag, "accept-ranges": "bytes", "content-length": "1000000", "cache-control": expect.stringContaining("immutable") as string });
    expect(createHash("sha256").update(new Uint8Array(await answer.arrayBuffer())).digest("hex")).toBe(sha256);
    const head = await get(path, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), (await head.arrayBuffer()).byteLength]).toEqual([200, "1000000", 0]);
    expect((await get(path, { headers: { "if-none-match": etag } })).status).toBe(304);
  });

  test.each([
    ["bytes=0-9", 206, "bytes 0-9/1000000", [0, 10]],
    ["bytes=999990-", 206, "bytes 999990-999999/1000000", [999_990, 1_000_000]],
    ["bytes=-5", 206, "bytes 999995-999999/1000000", [999_995, 1_000_000]],
    ["bytes=262140-262150", 206, "bytes 262140-262150/1000000", [262_140, 262_151]],
    ["bytes=999999-2000000", 206, "bytes 999999-999999/1000000", [999_999, 1_000_000]],
  ])("%s", async (range, status, contentRange, [start, end]) => {
    const answer = await get(path, { headers: { range } });
    expect([answer.status, answer.headers.get("content-range"), answer.headers.get("content-length")]).toEqual([status, contentRange, String((end ?? 0) - (start ?? 0))]);
    expect(Buffer.from(await answer.arrayBuffer()).equals(Buffer.from(model.subarray(start, end)))).toBe(true);
  });

  test("ranges that can't be are 416; those that can't be read, and those of another version, give the whole", async () => {
    const none = await get(path, { headers: { range: "bytes=1000000-" } });
    expect([none.status, none.headers.get("content-range")]).toEqual([416, "bytes */1000000"]);
    expect((await get(path, { headers: { range: "bytes=-0" } })).status).toBe(416);
    for (const range of ["bytes=5-1", "rows=1-2", "bytes=0-1,5-6", "bytes=-"]) expect((await get(path, { headers: { range }, method: "HEAD" })).status).toBe(200);
    expect((await get(path, { headers: { range: "bytes=0-9", "if-range": etag } })).status).toBe(206);
    expect((await get(path, { headers: { range: "bytes=0-9", "if-range": '"other"' } })).status).toBe(200);
  });

  test("are for workers, and only what a job named", async () => {
    expect((await get("models/~observer/m1/onnx/model.onnx")).status).toBe(401);
    expect((await get("models/~/m1/onnx/model.onnx")).status).toBe(404);
    expect((await get("models/~worker/m1/onnx/other")).status).toBe(404);
    expect((await get("models/~worker/m1/..%2f..%2fetc%2fpasswd")).status).toBe(404);
    expect((await get(`code/~worker/${sha256}.js`)).headers.get("content-type")).toContain("javascript");
    expect((await get(`code/~submitter/${sha256}.js`)).status).toBe(401);
    expect((await get(`code/~worker/${"0".repeat(64)}.js`)).status).toBe(404);
  });

  test("of this machine are read where they lie, and are gone once they have changed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "shoal-files-"));
    try {
      const local = join(folder, "weights");
      writeFileSync(local, "weights");
      const name = createHash("sha256").update("weights").digest("hex");
      await expect(server.files.add(sha256.replace(/^./, "x"), local)).rejects.toMatchObject({ code: "blob-mismatch" });
      await server.files.add(name, local);
      server.gateway.models.set("m2/w", { path: "w", sha256: name, bytes: 7 });
      expect(await (await get("models/~worker/m2/w")).text()).toBe("weights");
      writeFileSync(local, "changed!");
      expect((await get("models/~worker/m2/w")).status).toBe(404);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("that arrive damaged or with a gap are not there", async () => {
    const bytes = new TextEncoder().encode("some bytes");
    const name = createHash("sha256").update(bytes).digest("hex");
    await expect(server.files.put(name, 3, bytes.subarray(3), true)).rejects.toMatchObject({ code: "bad-offset" });
    await server.files.put(name, 0, bytes.subarray(0, 3), false);
    await expect(server.files.put(name, 3, bytes.subarray(4), true)).rejects.toMatchObject({ code: "blob-mismatch" });
    expect(await server.files.has(name)).toBe(false);
    await expect(server.files.put("../x", 0, bytes, true)).rejects.toMatchObject({ code: "blob-mismatch" });
    // Two who send it at once are heard like one.
    await Promise.all([1, 2].flatMap(() => [server.files.put(name, 0, bytes.subarray(0, 3), false), server.files.put(name, 3, bytes.subarray(3), true)]));
    expect(Buffer.from(await server.files.read(name)).toString()).toBe("some bytes");
  });
});

describe("the API", () => {
  test("gives each scope its own and nothing more", async () => {
    const table = await Promise.all(["api/snapshots", "api/job", "api/invites", "metrics"].map(async (path) =>
      Promise.all([undefined, "submitter", "worker", "observer", "made-up"].map(async (token) => {
        // As through a proxy, which takes away the privilege of this machine.
        const answer = await get(path, { headers: { "x-forwarded-for": "203.0.113.7", ...(token !== undefined && { authorization: `Bearer ${token}` }) } });
        await answer.body?.cancel();
        return answer.status;
      }))));
    expect(table).toEqual([
      [401, 403, 403, 200, 401],
      [401, 403, 200, 403, 401],
      [401, 200, 403, 403, 401],
      [401, 403, 403, 200, 401],
    ]);
  });

  test("a page of volunteers hears of jobs that are for volunteers, and of others only how many", async () => {
    server.gateway.show({ jobs: [job, { ...job, job: "j2", name: "secret", volunteers: false }, { ...job, job: "j3", state: "done" }] });
    expect(await (await get("api/job", bearer("worker"))).json()).toEqual({
      name: "test", otherJobs: 1,
      jobs: [{ name: "labels", note: "Film reviews.", columns: ["text"], segments: ["text-classification(sentiment)"], downloadBytes: 5000, rowsDone: 10, rowsTotal: 100, isEstimate: true }],
    });
  });

  test("snapshots come at once and on change, a slow reader gets the latest, one that left is forgotten", async () => {
    const answer = await get("api/snapshots", bearer("observer"));
    expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    const next = async (): Promise<Snapshot> => JSON.parse(new TextDecoder().decode((await reader.read()).value)) as Snapshot;
    await next();
    for (let rows = 1; rows <= 50; rows++) server.gateway.show({ jobs: [{ ...job, rowsDone: rows }] });
    expect(server.gateway.used).toContain("observer");
    // Of fifty changes at once, the last state.
    expect((await next()).jobs[0]?.rowsDone).toBe(50);
    expect(server.gateway.watchers).toBe(1);
    await reader.cancel();
    await expect.poll(() => server.gateway.watchers).toBe(0);
  });

  test("no more snapshots come once the link is revoked, or has expired", async () => {
    server.gateway.tokens.set("passing", ["observe"]);
    const answer = await get("api/snapshots", bearer("passing"));
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    expect((await reader.read()).done).toBe(false);
    server.gateway.tokens.delete("passing");
    server.gateway.show({});
    expect((await reader.read()).done).toBe(true);
    await expect.poll(() => server.gateway.watchers).toBe(0);
  });

  test("who reads nothing makes nothing grow: no snapshots are made for it", async () => {
    server.gateway.show({ jobs: [{ ...job, samples: [{ text: "x".repeat(4_000_000) }] }] });
    const { port } = server;
    const socket = connect(port, "127.0.0.1");
    socket.write("GET /api/snapshots HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer observer\r\n\r\n");
    socket.pause();
    await expect.poll(() => server.gateway.watchers).toBe(1);
    let before = -1;
    // Until the buffers of the system are full.
    await expect.poll(() => {
      const now = server.gateway.asked;
      server.gateway.show({});
      const isStill = now === before;
      before = now;
      return isStill;
    }, { interval: 1200, timeout: 25_000 }).toBe(true);
    socket.destroy();
    await expect.poll(() => server.gateway.watchers).toBe(0);
    server.gateway.show({ jobs: [job] });
  });

  test("invites are made, listed and revoked", async () => {
    const headers = { ...bearer("submitter").headers, "content-type": "application/json" };
    const made = await get("api/invites", { method: "POST", headers, body: JSON.stringify({ scopes: ["work"], volunteer: true, ttlMs: 60_000 }) });
    expect(made.status).toBe(201);
    const { token, invite, link } = (await made.json()) as { token: string; invite: { id: string }; link: string };
    expect(link).toBe(`${server.url}#${token}`);
    expect((await get("api/job", bearer(token))).status).toBe(200);
    expect(await (await get("api/invites", { headers })).json()).toMatchObject({ invites: [{ id: invite.id, volunteer: true, revoked: false }] });
    // A link to look on is one to the dashboard.
    const watch = await (await get("api/invites", { method: "POST", headers, body: '{"scopes":["observe"]}' })).json() as { readonly link: string };
    expect(watch.link).toMatch(/\/dashboard\/#token-of-/);
    expect((await get(`api/invites/${invite.id}`, { method: "DELETE", headers })).status).toBe(204);
    expect((await get("api/job", bearer(token))).status).toBe(401);
    expect((await get("api/invites/none", { method: "DELETE", headers })).status).toBe(404);
    for (const wrong of ["{", "{}", '{"scopes":[]}', '{"scopes":["root"]}', '{"scopes":["work"],"ttlMs":-1}', '{"scopes":["work"],"volunteer":1}']) {
      expect([wrong, (await get("api/invites", { method: "POST", headers, body: wrong })).status]).toEqual([wrong, 400]);
    }
    // As programs send them that say nothing of a length: no body at all, and one in pieces. Node's own client would add one.
    const raw = (length: string, body: string): Promise<string> =>
      new Promise((resolve) => {
        let text = "";
        const { hostname, port, pathname } = new URL(server.url);
        const socket = connect(Number(port), hostname, () => socket.write(`POST ${pathname}api/invites HTTP/1.1\r\nhost: ${hostname}:${port}\r\nauthorization: ${new Headers(headers).get("authorization")}\r\nconnection: close\r\n${length}\r\n${body}`));
        socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk)).on("close", () => resolve(text));
      });
    expect(await raw("", "")).toMatch(/^HTTP\/1\.1 400 [^]*"code":"bad-option"/);
    expect(await raw("transfer-encoding: chunked\r\n", '12\r\n{"scopes":["work"]\r\n1\r\n}\r\n0\r\n\r\n')).toMatch(/^HTTP\/1\.1 201 /);
    expect(await raw("transfer-encoding: chunked\r\n", `4e20\r\n${" ".repeat(20_000)}\r\n0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /);
    expect((await get("api/invites", { method: "POST", headers, body: JSON.stringify({ scopes: ["work"], more: "x".repeat(20_000) }) })).status).toBe(413);
  });

  test("metrics are in the format of Prometheus; health says why nothing is committed", async () => {
    server.gateway.show({ jobs: [{ ...job, name: 'a "quoted"\\name' }], refused: { "bad-message": 3 } });
    const text = await (await get("metrics")).text();
    expect(text).toContain('shoal_rows_done_total{job="j1",name="a \\"quoted\\"\\\\name"} 10\n');
    expect(text).toContain('segment="0",state="leased"} 2\n');
    expect(text).toContain('shoal_refused_total{code="bad-message"} 3\n');
    for (const line of text.trim().split("\n")) expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="([^"\\]|\\.)*"(,\w+="([^"\\]|\\.)*")*\})? [\d.e+]+)$/);
    expect(Number(/shoal_network_bytes_total\{direction="out"\} (\d+)/.exec(text)?.[1])).toBeGreaterThan(1_000_000);
    expect([(await get("healthz")).status, await (await get("healthz")).text()]).toEqual([200, "ok\n"]);
    server.gateway.show({ paused: "the disk is full" });
    expect([(await get("healthz")).status, await (await get("healthz")).text()]).toEqual([503, "paused: the disk is full\n"]);
  });
});

test("a page of a stranger that takes this machine's name gets no metrics", async () => {
  const status = await new Promise<number>((resolve, reject) => {
    request(`${server.url}metrics`, { headers: { host: "attacker.example" } }, (answer) => resolve(answer.resume().statusCode ?? 0)).on("error", reject).end();
  });
  expect(status).toBe(401);
});

test("paths that leave the folder, hidden files and headers that never end are refused", async () => {
  const raw = (lines: string): Promise<string> => new Promise((resolve) => {
    let heard = "";
    const socket = connect(server.port, "127.0.0.1", () => socket.write(lines)).setEncoding("utf8").on("data", (text: string) => (heard += text)).on("close", () => resolve(heard)).on("error", () => {});
  });
  for (const path of ["/../package.json", "/%2e%2e/package.json", "/dashboard/..%2f..%2fpackage.json", "/.env", "/dashboard/%00", "/dashboard//etc/passwd"]) {
    expect(`${path} ${await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)}`).toMatch(/^\S+ HTTP\/1\.1 404/);
  }
  expect(await raw(`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${"x".repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431/);
});
