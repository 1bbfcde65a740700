import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { encodeMessage, protocolVersion, socketChannel, type Bye, type Channel, type ConnectionLimits, type DriverToGateway, type GatewayToDriver, type GatewayToWorker, type Header, type WorkerToGateway } from "@shoal/cluster";
import { systemClock, type ShoalError } from "@shoal/core";
import { seededRandom } from "@shoal/testing";
import { WebSocket, WebSocketServer } from "ws";
import { afterEach, expect, test } from "vitest";

const hello = { kind: "hello", protocol: protocolVersion, role: "driver", name: "a driver" } as const;
const MiB = 2 ** 20;

interface Accepted {
  readonly channel: Channel<GatewayToWorker | GatewayToDriver, WorkerToGateway | DriverToGateway>;
  readonly heard: string[];
  /** Why the connection ended; undefined where it simply did. */
  readonly closed: Promise<ShoalError | undefined>;
}

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A server that takes whoever comes, through real sockets, and says nothing by itself. */
async function serve(limits: Partial<ConnectionLimits> = {}) {
  const refused: string[] = [];
  const accepted: Accepted[] = [];
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false, maxPayload: 32 * MiB });
  await once(server, "listening");
  server.on("connection", (socket) => {
    const channel = socketChannel(socket, { side: "gateway", clock: systemClock, limits, onRefused: (code) => refused.push(code) });
    const heard: string[] = [];
    const closed = new Promise<ShoalError | undefined>((resolve) => channel.listen({ message: ({ kind }) => heard.push(kind), closed: resolve }));
    accepted.push({ channel, heard, closed });
  });
  closing.push(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, refused, accepted, accepts: async () => accepted.at(-1) ?? ((await once(server, "connection")), accepted.at(-1) as Accepted) };
}

/** What a program without any of our code says, and what it hears. */
async function stranger(port: number): Promise<{ readonly socket: WebSocket; readonly heard: Buffer[]; readonly closed: Promise<unknown> }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  closing.push(() => socket.terminate());
  const heard: Buffer[] = [];
  socket.on("message", (data) => heard.push(data as Buffer));
  socket.on("error", () => {});
  const closed = once(socket, "close");
  await once(socket, "open");
  return { socket, heard, closed };
}

const byeOf = (heard: readonly Buffer[]): Bye => JSON.parse((heard.at(-1) as Buffer).subarray(4).toString()) as Bye;

test.each<[string, string | Uint8Array]>([
  ["bad-message", "hello"], ["bad-message", new Uint8Array()], ["bad-message", new Uint8Array(1000)], ["message-too-large", new TextEncoder().encode('{"kind":"hello"}')],
  ["message-too-large", new Uint8Array([255, 255, 255, 255, 1, 2, 3])], ["bad-message", encodeMessage({ kind: "cancel", job: "j" })],
  ["protocol-mismatch", encodeMessage({ kind: "hello", protocol: 99, from: "the future" } as unknown as Header)],
])("%s is what a stranger is told, and its connection ends", async (code, message) => {
  const server = await serve();
  const { socket, heard, closed } = await stranger(server.port);
  socket.send(message);
  await closed;
  expect(byeOf(heard)).toMatchObject({ kind: "bye", error: { code }, again: false });
  expect(server.refused).toEqual([code]);
  expect((await server.accepts()).heard).toEqual([]);
});

test("an old worker is told to update, in a message that it can read", async () => {
  const server = await serve();
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}`);
  const channel = socketChannel(socket, { side: "worker", clock: systemClock });
  channel.send({ kind: "hello", protocol: protocolVersion - 1, role: "worker", name: "old" });
  const heard: Header[] = [];
  await new Promise((resolve) => channel.listen({ message: (header) => heard.push(header), closed: resolve }));
  expect(heard).toMatchObject([{ kind: "bye", error: { code: "protocol-mismatch", hint: expect.stringContaining("side that connects") } }]);
});

test("frames with bytes changed end the connections that bring them, and no other", async () => {
  const server = await serve();
  const random = seededRandom(3);
  const neighbour = await stranger(server.port);
  neighbour.socket.send(encodeMessage(hello));
  const good = await server.accepts();
  for (let round = 0; round < 60; round++) {
    const { socket, closed } = await stranger(server.port);
    socket.send(encodeMessage(hello));
    const frame = encodeMessage({ kind: "offer", job: "job", segment: 0, block: round, rows: 5 }, new Uint8Array(64));
    for (let change = random.between(1, 4); change > 0; change--) frame[random.between(0, frame.length - 1)] = random.between(0, 255);
    socket.send(random.chance(0.2) ? frame.subarray(0, random.between(0, frame.length)) : frame);
    socket.close();
    await closed;
  }
  neighbour.socket.send(encodeMessage({ kind: "cancel", job: "j" }));
  neighbour.socket.close();
  await good.closed;
  expect(good.heard).toEqual(["hello", "cancel"]);
  expect(server.refused.length).toBeGreaterThan(20);
  expect(new Set(server.refused)).toEqual(new Set(["bad-message", "message-too-large"]));
});

test("a message beyond what a socket takes is the end of it, said in words", async () => {
  const server = await serve();
  const { socket, closed } = await stranger(server.port);
  socket.send(encodeMessage(hello));
  socket.send(new Uint8Array(33 * MiB));
  await closed;
  const { heard, closed: reason } = await server.accepts();
  expect(heard).toEqual(["hello"]);
  expect(await reason).toMatchObject({ code: expect.stringMatching(/^(connection-lost|message-too-large)$/) });
});

test("a flood is cut off", async () => {
  const server = await serve({ messagesPerSecond: 100, messageBurst: 200 });
  const { socket, closed } = await stranger(server.port);
  socket.send(encodeMessage(hello));
  for (let n = 0; n < 5_000; n++) socket.send(encodeMessage({ kind: "cancel", job: "j" }));
  await closed;
  expect(server.refused).toEqual(["too-many-messages"]);
  expect((await server.accepts()).heard.length).toBeLessThan(5_000);
});

test("one that never reads holds no more than its cap", async () => {
  const cap = 4 * MiB;
  const server = await serve({ bufferedBytes: cap });
  const deaf = await deafClient(server.port);
  const { channel, closed } = await server.accepts();
  const payload = new Uint8Array(MiB);
  let most = 0;
  let isOpen = true;
  void closed.then(() => (isOpen = false));
  for (let block = 0; block < 4_000 && isOpen; block++) {
    channel.send({ kind: "part", job: "j", segment: 0, block, first: 0, rows: 1, failures: [] }, payload);
    most = Math.max(most, channel.bufferedBytes);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await closed).toMatchObject({ code: "slow-reader" });
  // The socket adds a few bytes to each message.
  expect(most).toBeLessThan(cap + 1024);
  expect(server.refused).toEqual(["slow-reader"]);
  deaf.destroy();
});

/** A TCP connection that asks to become a WebSocket, and then reads nothing. */
async function deafClient(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  closing.push(() => socket.destroy());
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.write(`GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${"A".repeat(22)}==\r\nSec-WebSocket-Version: 13\r\n\r\n`);
  await once(socket, "data");
  socket.pause();
  return socket;
}
