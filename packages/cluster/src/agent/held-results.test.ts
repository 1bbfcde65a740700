import type { Clock } from "@shoal/core";
import { expect, test } from "vitest";
import type { ResultMessage } from "../connection/messages.ts";
import { HeldResults } from "./held-results.ts";

const message = (number: number): ResultMessage => ({
  kind: "result", task: { job: "job", segment: 0, block: number, first: 0, rows: 1 }, attempt: { epoch: 1, number }, rows: 1, sha256: "", failures: [],
  stats: { device: "cpu", preprocessMs: 0, predictMs: 0, postprocessMs: 0, batches: [], counts: {} },
});

test("a result that is on its way still is not sent again, however slow the line; one that nobody answers is", () => {
  let now = 0;
  const clock: Clock = { now: () => now, sleep: () => new Promise(() => {}) };
  const sent: number[] = [];
  const outlet = { connected: true, bufferedBytes: 0, send: ({ attempt }: ResultMessage) => void sent.push(attempt.number) };
  const held = new HeldResults(2 ** 30, outlet, clock, new AbortController().signal);
  held.add({ message: message(1), payload: new Uint8Array(2 ** 20) });
  outlet.bufferedBytes = 2 ** 19;
  now = 60_000;
  held.presentOverdue();
  expect(sent).toEqual([1]);
  // Taken by the socket, and perhaps not by the other side: a megabyte takes a while.
  outlet.bufferedBytes = 0;
  now = 30_000;
  held.presentOverdue();
  expect(sent).toEqual([1]);
  now = 60_000;
  held.presentOverdue();
  expect(sent).toEqual([1, 1]);
});
