import type { Clock } from "@shoal/core";
import { expect, test, vi } from "vitest";
import { gatewayClock } from "./gateway-clock.ts";

/** On which nobody wakes but by a signal. */
const still: Clock = {
  now: () => 7,
  sleep: (_, signal) => new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true })),
};

test("however many sleep until the gateway is over, its signal has one listener; others sleep by their own signals", async () => {
  const over = new AbortController();
  const other = new AbortController();
  const listens = vi.spyOn(over.signal, "addEventListener");
  const clock = gatewayClock(still, over.signal);
  const settled = Promise.allSettled([clock.sleep(1_000, other.signal), ...Array.from({ length: 20 }, () => clock.sleep(1_000, over.signal))]);
  other.abort("its own");
  over.abort("closed");
  expect(await settled).toEqual([{ status: "rejected", reason: "its own" }, ...Array.from({ length: 20 }, () => ({ status: "rejected", reason: "closed" }))]);
  expect(listens).toHaveBeenCalledTimes(1);
  await expect(clock.sleep(1, over.signal)).rejects.toBe("closed");
  expect(clock.now()).toBe(7);
});
