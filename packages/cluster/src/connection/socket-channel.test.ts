import type { ShoalError } from "@shoal/core";
import { expect, test } from "vitest";
import { encodeMessage } from "./encode-message.ts";
import { FakeSocket } from "./fake-socket.fixture.ts";
import type { ConnectionLimits } from "./limits.ts";
import { MessageReader } from "./message-reader.ts";
import { protocolVersion, type Header } from "./messages.ts";
import { socketChannel } from "./socket-channel.ts";
import { inFragments } from "./web-socket-like.ts";

const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
const still = { now: () => 0 };
const hello: Header = { kind: "hello", protocol: protocolVersion, role: "driver", name: "d" };
const cancel = (job: string): Header => ({ kind: "cancel", job });
const welcome = { kind: "welcome", protocol: protocolVersion, key: "k", name: "c", beatMs: 1 } as const;

function gatewayEnd(limits: Partial<ConnectionLimits> = {}) {
  const socket = new FakeSocket();
  let time = 0;
  const refused: string[] = [];
  const heard: (string | ShoalError)[] = [];
  const channel = socketChannel(socket, { side: "gateway", clock: { now: () => time }, limits, label: "driver d", onRefused: (code) => refused.push(code) });
  channel.listen({ message: ({ kind }) => heard.push(kind), closed: (reason) => heard.push(reason ?? "closed") });
  socket.open();
  socket.receive(encodeMessage(hello));
  return { socket, channel, refused, heard, pass: (ms: number) => void (time += ms) };
}

/** What the other side was told. */
const told = (socket: FakeSocket): Header[] => {
  const reader = new MessageReader("driver");
  return socket.sent.map((frame) => reader.read(frame).header);
};

test("messages come and go, each as one binary message", async () => {
  const { socket, channel, heard } = gatewayEnd();
  expect(socket.binaryType).toBe("arraybuffer");
  channel.send(welcome);
  socket.receive(encodeMessage(cancel("j")));
  expect(heard).toEqual(["hello", "cancel"]);
  expect(told(socket)).toEqual([welcome]);
  channel.close();
  expect(heard).toHaveLength(2);
  await rest();
  socket.receive(encodeMessage(cancel("late")));
  socket.gone(1000);
  await rest();
  expect(heard).toEqual(["hello", "cancel", "closed"]);
  expect(socket.closedWith).toBe(1000);
});

test("what is sent while a socket connects goes when it is open, also where it was closed since", async () => {
  const socket = new FakeSocket();
  const channel = socketChannel(socket, { side: "driver", clock: still });
  channel.send({ kind: "hello", protocol: protocolVersion, role: "driver", name: "d" });
  channel.send({ kind: "offer", job: "j", segment: 0, block: 0, rows: 1 }, new Uint8Array(1000));
  expect(channel.bufferedBytes).toBeGreaterThan(1000);
  channel.close();
  expect(socket.sent).toHaveLength(0);
  socket.open();
  expect(socket.sent).toHaveLength(2);
  expect(socket.closedWith).toBe(1000);
});

test("messages that came before there was a listener are kept", async () => {
  const socket = new FakeSocket();
  const channel = socketChannel(socket, { side: "gateway", clock: still });
  socket.open();
  socket.receive(encodeMessage(hello));
  socket.receive(encodeMessage(cancel("j")));
  socket.gone(1006);
  const heard: unknown[] = [];
  channel.listen({ message: ({ kind }) => heard.push(kind), closed: (reason) => heard.push(reason?.code) });
  await rest();
  expect(heard).toEqual(["hello", "cancel", "connection-lost"]);
});

test.each([
  ["text", "{}", "bad-message"], ["no frame", new Uint8Array(2), "bad-message"], ["an unknown kind", encodeMessage({ kind: "settle" } as Header), "bad-message"],
  ["a second hello", encodeMessage(hello), "bad-message"], ["a large one", new Uint8Array(2000), "message-too-large"],
])("%s is answered with bye, and ends it", async (_what, message, code) => {
  const { socket, refused, heard } = gatewayEnd({ frameBytes: 1000 });
  socket.receive(message);
  socket.receive(encodeMessage(cancel("late")));
  await rest();
  expect(refused).toEqual([code]);
  expect(heard).toEqual(["hello", expect.objectContaining({ code })]);
  expect(told(socket)).toMatchObject([{ kind: "bye", error: { code }, again: false }]);
  expect(JSON.stringify(told(socket))).not.toContain("stack");
  expect(socket.closedWith).toBe(4000);
});

test("another version is told which side to update", () => {
  const socket = new FakeSocket();
  socketChannel(socket, { side: "gateway", clock: still }).listen({ message: () => {}, closed: () => {} });
  socket.open();
  socket.receive(encodeMessage({ kind: "hello", protocol: protocolVersion + 1, and: "more" } as unknown as Header));
  expect(told(socket)).toMatchObject([{ kind: "bye", error: { code: "protocol-mismatch", hint: expect.stringContaining("coordinator") }, again: false }]);
});

test("messages have a rate, which a rest makes up for", async () => {
  const { socket, pass, refused, heard } = gatewayEnd({ messagesPerSecond: 10, messageBurst: 5 });
  for (let n = 0; n < 4; n++) socket.receive(encodeMessage(cancel("j")));
  pass(200);
  for (let n = 0; n < 2; n++) socket.receive(encodeMessage(cancel("j")));
  expect(refused).toEqual([]);
  socket.receive(encodeMessage(cancel("j")));
  await rest();
  expect(refused).toEqual(["too-many-messages"]);
  expect(heard).toHaveLength(8);
  expect(told(socket)).toMatchObject([{ kind: "bye", again: true }]);
});

test("bytes have a rate too", async () => {
  const { socket, refused } = gatewayEnd({ bytesPerSecond: 1000, byteBurst: 5000 });
  socket.receive(encodeMessage({ kind: "file", sha256: "a".repeat(64), offset: 0, last: true }, new Uint8Array(4000)));
  expect(refused).toEqual([]);
  socket.receive(encodeMessage({ kind: "file", sha256: "a".repeat(64), offset: 0, last: true }, new Uint8Array(4000)));
  expect(refused).toEqual(["too-many-messages"]);
});

test("who does not read is cut off, with what waits for it", async () => {
  const { socket, channel, refused, heard } = gatewayEnd({ bufferedBytes: 10_000 });
  channel.send(welcome);
  for (let n = 0; n < 20; n++) channel.send({ kind: "part", job: "j", segment: 0, block: n, first: 0, rows: 1, failures: [] }, new Uint8Array(1000));
  await rest();
  expect(channel.bufferedBytes).toBeLessThanOrEqual(10_000);
  expect(refused).toEqual(["slow-reader"]);
  expect(heard).toEqual(["hello", expect.objectContaining({ code: "slow-reader" })]);
  expect(socket.isTerminated).toBe(true);
});

test("a listener that throws ends the connection, not the process", async () => {
  const socket = new FakeSocket();
  const reasons: unknown[] = [];
  socketChannel(socket, { side: "gateway", clock: still }).listen({
    message: () => {
      throw new TypeError("undefined is not a block");
    },
    closed: (reason) => reasons.push(reason?.message),
  });
  socket.open();
  socket.receive(encodeMessage(hello));
  await rest();
  expect(reasons).toEqual(["undefined is not a block"]);
  expect(told(socket)).toMatchObject([{ kind: "bye", error: { code: "unexpected" }, again: true }]);
});

test("a worker that says bye is heard as the reason of the close", async () => {
  const { socket, heard } = gatewayEnd();
  socket.receive(encodeMessage({ kind: "bye", error: { code: "bad-message", message: "What was that?" }, again: false }));
  await rest();
  expect(heard).toEqual(["hello", expect.objectContaining({ code: "bad-message", message: "What was that?" })]);
});

test.each([[1001, "closed"], [1005, "closed"], [4000, "closed"], [1006, "connection-lost"], [1009, "message-too-large"], [1011, "connection-lost"]])("a socket that closes with %i ends with %s", async (code, expected) => {
  const { socket, heard } = gatewayEnd();
  socket.gone(code);
  await rest();
  expect(heard.map((one) => (typeof one === "string" ? one : one.code))).toEqual(["hello", expected]);
});

test("what broke is said in the socket's words", async () => {
  const { socket, heard } = gatewayEnd();
  socket.emit("error", { message: "read ECONNRESET" });
  socket.gone(1006);
  await rest();
  expect(heard[1]).toMatchObject({ message: expect.stringContaining("driver d was lost: read ECONNRESET") });
});

class WsSocket extends FakeSocket {
  readonly said: { readonly bytes: Uint8Array; readonly fin: boolean }[] = [];

  override send(data: Uint8Array<ArrayBuffer>, options?: { readonly fin: boolean }): void {
    super.send(data);
    this.said.push({ bytes: data, fin: options?.fin ?? true });
  }
}

test("over a socket of ws a large payload goes in a fragment of its own, from where it lies, and comes in as it was", () => {
  const [near, far] = [new WsSocket(), new WsSocket()];
  const driver = socketChannel(inFragments(near), { side: "driver", clock: still });
  const heard: (Uint8Array | undefined)[] = [];
  socketChannel(inFragments(far), { side: "gateway", clock: still }).listen({ message: (_, payload) => void heard.push(payload), closed: () => {} });
  expect(far.binaryType).toBe("fragments");
  for (const socket of [near, far]) socket.open();
  const [small, large] = [new Uint8Array(100).fill(1), new Uint8Array(100_000).fill(2)];
  driver.send({ kind: "hello", protocol: protocolVersion, role: "driver", name: "d" });
  for (const payload of [small, large]) driver.send({ kind: "offer", job: "j", segment: 0, block: 0, rows: 1 }, payload);
  expect(near.said.map(({ fin }) => fin)).toEqual([true, true, false, true]);
  expect(near.said.at(-1)?.bytes).toBe(large);
  let message: Uint8Array[] = [];
  for (const { bytes, fin } of near.said) {
    message.push(Buffer.from(bytes));
    if (!fin) continue;
    far.emit("message", { data: message });
    message = [];
  }
  expect(heard).toEqual([undefined, small, large]);
  far.emit("message", { data: "text" });
  expect(far.closedWith).toBe(4000);
});
