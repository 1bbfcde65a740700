import { expect, test } from "vitest";
import { sha256Of } from "#sha256";
import type { ResultMessage, Welcome, WorkerToGateway } from "../connection/messages.ts";
import { ResultOutlet } from "./result-outlet.ts";

const welcome: Welcome = { kind: "welcome", protocol: 1, key: "k", name: "coordinator", beatMs: 4_000 };
const message: ResultMessage = {
  kind: "result", task: { job: "job", segment: 0, block: 0, first: 0, rows: 1 }, attempt: { epoch: 1, number: 1 }, rows: 1, failures: [],
  stats: { device: "cpu", preprocessMs: 0, predictMs: 0, postprocessMs: 0, batches: [], counts: {} },
};
const payload = new Uint8Array([1, 2, 3]);

/** A connection that keeps what is sent by it. */
function connectionTo(first: Welcome): { connected: boolean; bufferedBytes: number; welcome: Welcome; readonly sent: [WorkerToGateway, Uint8Array | undefined][]; send(message: WorkerToGateway, payload?: Uint8Array): void } {
  const sent: [WorkerToGateway, Uint8Array | undefined][] = [];
  return { connected: true, bufferedBytes: 100, welcome: first, sent, send: (...said) => void sent.push([said[0], said[1]]) };
}

/** What waits for a digest has gone on. */
const hashed = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a coordinator that names results itself is sent them at once, and no SHA-256", () => {
  const connection = connectionTo({ ...welcome, namesResults: true });
  const outlet = new ResultOutlet(connection);
  outlet.send(message, payload);
  expect([connection.sent, outlet.bufferedBytes]).toEqual([[[message, payload]], 100]);
});

test("one that does not is told their SHA-256; while it is taken, their bytes are on their way", async () => {
  const connection = connectionTo(welcome);
  const outlet = new ResultOutlet(connection);
  outlet.send(message, payload);
  outlet.send(message, payload);
  expect([connection.sent, outlet.bufferedBytes]).toEqual([[], 106]);
  await hashed();
  const said = [{ ...message, sha256: await sha256Of(payload) }, payload];
  expect([connection.sent, outlet.bufferedBytes]).toEqual([[said, said], 100]);
});

test("what is hashed when the connection changes does not go by the next one, where it is presented again", async () => {
  const connection = connectionTo(welcome);
  const outlet = new ResultOutlet(connection);
  outlet.send(message, payload);
  connection.welcome = { ...welcome };
  await hashed();
  expect([connection.sent, outlet.bufferedBytes]).toEqual([[], 100]);
});

test("one that could not be hashed is not sent, and holds up nothing", async () => {
  const connection = connectionTo(welcome);
  const outlet = new ResultOutlet(connection);
  outlet.send(message, { byteLength: 3 } as Uint8Array);
  expect(outlet.bufferedBytes).toBe(103);
  await hashed();
  expect([connection.sent, outlet.bufferedBytes]).toEqual([[], 100]);
});
