import { ShoalError, type Clock } from "@shoal/core";
import { expect, test } from "vitest";
import type { Channel } from "./channel.ts";
import { holdConnection, type ConnectionEnd } from "./hold-connection.ts";
import { memoryChannel } from "./memory-channel.ts";
import { protocolVersion, type GatewayToWorker, type WorkerToGateway } from "./messages.ts";

const hello = { kind: "hello", protocol: protocolVersion, role: "worker", name: "w" } as const;
const welcome = { kind: "welcome", protocol: protocolVersion, key: "k", name: "c", beatMs: 1000 } as const;
const drain = { kind: "drain", why: "it is late" } as const;

interface Held {
  readonly gateway: Channel<GatewayToWorker, WorkerToGateway>;
  /** What the worker was told. */
  readonly told: string[];
  readonly ended: Promise<ConnectionEnd>;
  /** The time that was waited for has come. */
  readonly wake: () => void;
  readonly isClosed: () => boolean;
}

function hold(signal = new AbortController().signal): Held {
  const [near, far] = memoryChannel<WorkerToGateway, GatewayToWorker>();
  const told: string[] = [];
  let closed = false;
  let wake = (): void => {};
  far.listen({ message: ({ kind }) => told.push(`said ${kind}`), closed: () => (closed = true) });
  const clock: Clock = { now: () => 0, sleep: () => new Promise((resolve) => (wake = resolve)) };
  const ended = holdConnection<WorkerToGateway, GatewayToWorker>({
    dial: async () => near, hello: () => hello, clock, onWelcome: () => told.push("welcome"), onMessage: ({ kind }) => told.push(kind),
  }, signal);
  return { gateway: far, told, ended, wake: () => wake(), isClosed: () => closed };
}

test("what is said before the welcome is not heard, nor what comes after the end", async () => {
  const { gateway, told, ended, isClosed } = hold();
  for (const message of [drain, welcome, drain, welcome]) gateway.send(message);
  gateway.send({ kind: "bye", error: { code: "shut-out", message: "Later." }, again: true });
  gateway.send(drain);
  expect(await ended).toMatchObject({ error: { code: "shut-out" }, again: true });
  await expect.poll(isClosed).toBe(true);
  expect(told.toSorted()).toEqual(["drain", "said hello", "welcome"]);
});

test.each<[string, (held: Held) => void | Promise<void>, string, boolean]>([
  ["it was refused for good", (held: Held) => held.gateway.send({ kind: "bye", error: { code: "invite-revoked", message: "No." }, again: false }), "invite-revoked", false],
  ["the gateway is of another version", (held: Held) => held.gateway.send({ ...welcome, protocol: protocolVersion + 1 }), "protocol-mismatch", false],
  ["the gateway closed it", (held: Held) => held.gateway.close(), "connection-lost", true],
  ["no welcome came in time", async (held: Held) => {
    await expect.poll(() => held.told).toEqual(["said hello"]);
    held.wake();
  }, "connection-lost", true],
])("it says how it ended: %s", async (_how, end, code, again) => {
  const held = hold();
  await end(held);
  expect(await held.ended).toMatchObject({ error: { code }, again });
});

test("what can't be dialled is tried again, unless the dialler knows better", async () => {
  const dialled = (error: unknown): Promise<ConnectionEnd> => holdConnection<WorkerToGateway, GatewayToWorker>({
    dial: () => Promise.reject(error), hello: () => hello, clock: { now: () => 0, sleep: async () => {} }, onWelcome: () => {}, onMessage: () => {},
  }, new AbortController().signal);
  expect(await dialled(new Error("ECONNREFUSED"))).toMatchObject({ error: { code: "unreachable" }, again: true });
  expect(await dialled(new ShoalError("bad-link", "It is none.", { failure: "bug" }))).toMatchObject({ error: { code: "bad-link" }, again: false });
});

test("its signal ends it", async () => {
  const stop = new AbortController();
  const { ended, isClosed } = hold(stop.signal);
  stop.abort(new ShoalError("aborted", "Enough."));
  expect(await ended).toMatchObject({ error: { code: "aborted" } });
  await expect.poll(isClosed).toBe(true);
});
