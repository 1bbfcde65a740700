import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, request as httpRequest, type IncomingMessage, type Server } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect, type AddressInfo, type Socket } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { defaultLimits, linkOf, ownCertificate, qrCode, readCertificate } from "@shoal/coordinator";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { bearer, serve } from "./served.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "shoal-coordinator-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** `open`, or the status with which the handshake was refused. */
function shake(url: string, headers: Record<string, string> = {}): Promise<{ readonly result: "open" | number; readonly socket: WebSocket }> {
  const socket = new WebSocket(url, { headers });
  return new Promise((resolve, reject) => {
    socket.on("open", () => resolve({ result: "open", socket }));
    socket.on("unexpected-response", (_request, answer: IncomingMessage) => resolve({ result: answer.statusCode ?? 0, socket }));
    socket.on("error", reject);
  });
}

describe("WebSockets", () => {
  test("are taken at connect, from programs and from pages of the coordinator itself; others are refused", async () => {
    await using server = await serve({ origins: ["https://friend.example"] });
    const at = `ws://127.0.0.1:${server.port}`;
    const shaken = await Promise.all([
      shake(`${at}/connect`), shake(`${at}/connect`, { origin: `http://127.0.0.1:${server.port}` }), shake(`${at}/connect`, { origin: "https://friend.example" }),
      shake(`${at}/connect`, { origin: "https://elsewhere.example" }), shake(`${at}/connect`, { origin: "null" }), shake(`${at}/elsewhere`), shake(`${at}/`),
    ]);
    expect(shaken.map(({ result }) => result)).toEqual(["open", "open", "open", 403, 403, 404, 404]);
    expect(server.gateway.accepted).toEqual([{ address: "127.0.0.1" }, { address: "127.0.0.1" }, { address: "127.0.0.1" }]);
    expect((await fetch(`${server.url}connect`)).status).toBe(426);
    expect(shaken[0]?.socket.extensions).toBe("");
    for (const { socket } of shaken) socket.terminate();
  });

  test("are refused to a page whose own name leads here: its origin and its host agree, and are no name of this machine", async () => {
    await using server = await serve();
    const at = `ws://127.0.0.1:${server.port}/connect`;
    const asked = (host: string): ReturnType<typeof shake> => shake(at, { host, origin: `http://${host}` });
    const shaken = await Promise.all(["elsewhere.example", `rebound.example:${server.port}`, `localhost:${server.port}`, `${hostname().toLowerCase()}:${server.port}`, `[::1]:${server.port}`].map(asked));
    expect(shaken.map(({ result }) => result)).toEqual([403, 403, "open", "open", "open"]);
    for (const { socket } of shaken) socket.terminate();
  });

  test("that send what no program of ours sends are told goodbye, and the others go on", async () => {
    await using server = await serve();
    const [bad, good] = await Promise.all([shake(`ws://127.0.0.1:${server.port}/connect`), shake(`ws://127.0.0.1:${server.port}/connect`)]);
    const closed = new Promise<number>((resolve) => bad.socket.on("close", resolve));
    const said = new Promise<Buffer>((resolve) => bad.socket.on("message", (data: Buffer) => resolve(data)));
    bad.socket.send("some text");
    expect((await said).toString()).toContain('"bye"');
    expect(await closed).toBe(4000);
    const tooLarge = new Promise<number>((resolve) => good.socket.on("close", resolve));
    expect(good.socket.readyState).toBe(WebSocket.OPEN);
    good.socket.send(new Uint8Array(33 * 1024 * 1024));
    expect(await tooLarge).toBe(1009);
    expect((await fetch(`${server.url}healthz`)).status).toBe(200);
  });
});

describe("limits", () => {
  test("on connections in all: more are cut, and those that leave make room", async () => {
    await using server = await serve({ limits: { ...defaultLimits, maxConnections: 3 } });
    const open = (): Promise<Socket> => new Promise((resolve) => {
      const socket = connect(server.port, "127.0.0.1", () => resolve(socket)).on("error", () => {});
    });
    const sockets = [await open(), await open(), await open()];
    const refused = await open();
    await new Promise((resolve) => refused.on("close", resolve));
    sockets[0]?.destroy();
    await expect.poll(async () => (await fetch(`${server.url}healthz`, { headers: { connection: "close" } }).catch(() => undefined))?.status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });

  test("on connections of one address, as the proxy tells it", async () => {
    await using server = await serve({ limits: { ...defaultLimits, maxConnectionsPerAddress: 2 }, trustedProxies: ["127.0.0.1"] });
    const from = (address: string): ReturnType<typeof shake> => shake(`ws://127.0.0.1:${server.port}/connect`, { "x-forwarded-for": `198.51.100.1, ${address}` });
    const shaken = [await from("203.0.113.1"), await from("203.0.113.1"), await from("203.0.113.1"), await from("203.0.113.2")];
    expect(shaken.map(({ result }) => result)).toEqual(["open", "open", 429, "open"]);
    shaken[0]?.socket.close();
    await expect.poll(async () => (await from("203.0.113.1")).result).toBe("open");
    expect(server.gateway.accepted[2]).toEqual({ address: "203.0.113.2" });
  });

  test("on silence: a connection on which nothing moves is cut", async () => {
    await using server = await serve({ limits: { ...defaultLimits, idleMs: 300 } });
    const socket = connect(server.port, "127.0.0.1").on("error", () => {});
    const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
    socket.write("GET / HTTP/1.1\r\nHost");
    await expect(closed).resolves.toBeUndefined();
  });
});

describe("behind a proxy", () => {
  /** Hands everything on, WebSockets too, and tells whom it heard. @param keeps whether the base path stays */
  function startProxy(port: number, keeps: boolean): Promise<Server> {
    const target = (url = "/"): string => (keeps ? url : url.replace(/^\/shoal(?=\/)/, ""));
    const headers = (request: IncomingMessage): Record<string, string> => ({ ...(request.headers as Record<string, string>), "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https", "x-forwarded-host": "shoal.example" });
    const proxy = createServer((request, response) => {
      const onward = httpRequest({ port, path: target(request.url), method: request.method, headers: headers(request) }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    });
    proxy.on("upgrade", (request, socket) => {
      httpRequest({ port, path: target(request.url), headers: headers(request) })
        .on("upgrade", (answer, far) => {
          socket.write(`HTTP/1.1 101 Switching Protocols\r\n${answer.rawHeaders.map((each, index) => (index % 2 === 0 ? `${each}: ` : `${each}\r\n`)).join("")}\r\n`);
          far.pipe(socket).pipe(far);
        })
        .on("response", (answer) => socket.end(`HTTP/1.1 ${answer.statusCode} Refused\r\n\r\n`))
        .end();
    });
    return new Promise((resolve) => proxy.listen(0, "127.0.0.1", () => resolve(proxy)));
  }

  test.each([["leaves", true], ["takes away", false]])("that %s the base path, links and pages are those of the world, and addresses those of the guests", async (_name, keeps) => {
    await using server = await serve({ baseUrl: "https://shoal.example/shoal" });
    const proxy = await startProxy(server.port, keeps);
    const at = `127.0.0.1:${(proxy.address() as AddressInfo).port}/shoal`;
    try {
      expect(server.url).toBe("https://shoal.example/shoal/");
      expect((await fetch(`http://${at}/healthz`)).status).toBe(200);
      expect((await fetch(`http://${at}/api/job`, bearer("worker"))).status).toBe(200);
      // Nobody who comes through the proxy is this machine.
      expect((await fetch(`http://${at}/metrics`)).status).toBe(401);
      const made = await fetch(`http://${at}/api/invites`, { method: "POST", ...bearer("submitter"), body: '{"scopes":["work"]}' });
      expect(await made.json()).toMatchObject({ link: expect.stringMatching(/^https:\/\/shoal\.example\/shoal\/#token-/) as string });
      const page = await shake(`ws://${at}/connect`, { origin: "https://shoal.example" });
      const stranger = await shake(`ws://${at}/connect`, { origin: "https://elsewhere.example" });
      expect([page.result, stranger.result]).toEqual(["open", 403]);
      expect(server.gateway.accepted).toEqual([{ address: "203.0.113.9" }]);
      page.socket.terminate();
      expect((await fetch(`http://${at}`, { redirect: "manual" })).headers.get("location")).toBe("/shoal/");
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  test("nobody else is believed", async () => {
    await using server = await serve();
    const { result, socket } = await shake(`ws://127.0.0.1:${server.port}/connect`, { "x-forwarded-for": "203.0.113.9", "x-forwarded-host": "elsewhere.example", "x-forwarded-proto": "https", origin: "https://elsewhere.example" });
    expect(result).toBe(403);
    socket.terminate();
    await expect(serve({ baseUrl: "shoal.example" })).rejects.toMatchObject({ code: "bad-option" });
  });
});

describe("https", () => {
  test("a certificate made here names this machine, is kept, and serves", async () => {
    const certificate = await ownCertificate(folder, ["10.1.2.3", "lab.example"]);
    const parsed = new X509Certificate(certificate.cert);
    expect([parsed.checkHost("localhost"), parsed.checkHost("lab.example"), parsed.checkIP("127.0.0.1"), parsed.checkIP("::1"), parsed.checkIP("10.1.2.3")]).not.toContain(undefined);
    expect(statSync(join(folder, "certificate-key.pem")).mode & 0o777).toBe(0o600);
    expect(await ownCertificate(folder, ["10.1.2.3"])).toEqual(certificate);
    expect(await ownCertificate(folder, ["10.9.9.9"])).not.toEqual(certificate);
    await using server = await serve({ certificate });
    expect(server.url).toBe(`https://127.0.0.1:${server.port}/`);
    const status = await new Promise((resolve, reject) => {
      httpsRequest(`${server.url}healthz`, { ca: certificate.cert }, (answer) => resolve(answer.resume().statusCode)).on("error", reject).end();
    });
    expect(status).toBe(200);
    const socket = new WebSocket(`wss://127.0.0.1:${server.port}/connect`, { ca: certificate.cert, origin: `https://127.0.0.1:${server.port}` });
    await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
    socket.terminate();
  });

  test("files that are no pair are refused with what to do", async () => {
    const [cert, key, other] = [join(folder, "a.pem"), join(folder, "a-key.pem"), join(folder, "no.pem")];
    const [one, two] = [await ownCertificate(undefined), await ownCertificate(undefined)];
    writeFileSync(cert, one.cert);
    writeFileSync(key, two.key);
    writeFileSync(other, "nothing");
    await expect(readCertificate(join(folder, "nowhere.pem"), key)).rejects.toMatchObject({ code: "bad-certificate", message: expect.stringContaining("nowhere.pem") as string });
    await expect(readCertificate(other, key)).rejects.toMatchObject({ code: "bad-certificate" });
    await expect(serve({ certificate: await readCertificate(cert, key) })).rejects.toMatchObject({ code: "bad-certificate" });
  });
});

test("a port that is taken and an address that is not ours are said", async () => {
  await using server = await serve();
  await expect(serve({ port: server.port })).rejects.toMatchObject({ code: "port-taken", hint: expect.stringContaining("--port") as string });
  await expect(serve({ host: "203.0.113.1" })).rejects.toMatchObject({ code: "bad-host" });
});

test("links have their token in the fragment, and fit a QR code", () => {
  const link = linkOf("https://shoal.example/base/", "abc.def");
  expect([link, linkOf("http://10.0.0.1:80/", "t", "dashboard/")]).toEqual(["https://shoal.example/base/#abc.def", "http://10.0.0.1:80/dashboard/#t"]);
  const lines = qrCode(link).split("\n");
  expect(lines.length).toBeGreaterThan(10);
  expect(new Set(lines.map((line) => line.length)).size).toBe(1);
});
