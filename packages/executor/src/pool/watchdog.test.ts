import { expect, test } from "vitest";
import { look, lookAtLoading, SleepWatch, type Sight } from "./watchdog.ts";

const actor = (ticks: number, phase: "predict" | "preprocess" = "predict") => ({ id: "a#1", progress: { phase, ticks, rows: [3, 9] as const } });
const seen: Sight = { ticks: 4, since: 1000, noticed: false };

test("progress starts the time anew", () => {
  expect(look(seen, actor(5), 99_000, 10)).toEqual({ sight: { ticks: 5, since: 99_000, noticed: false }, timedOut: false });
});

test("predict has a time limit, preprocess only a notice", () => {
  expect(look(seen, actor(4), 1099, 100).timedOut).toBe(false);
  expect(look(seen, actor(4), 1100, 100).timedOut).toBe(true);
  expect(look(seen, actor(4, "preprocess"), 1100, 100).timedOut).toBe(false);
});

test("a notice names actor and rows, once", () => {
  const { notice, sight } = look(seen, actor(4), 61_000, undefined);
  expect(notice).toBe("a#1 has made no progress for 60 s (predict, rows 3–9 of its block).");
  expect(look(sight, actor(4), 200_000, undefined).notice).toBeUndefined();
});

test("one late look is a process that slept; late ones in a row are a slow machine", () => {
  const sleep = new SleepWatch(1000, 0);
  const slept = [1000, 2100, 14_100, 15_100, 27_100, 30_100, 33_100, 34_100, 46_100].map((now) => sleep.sleptMs(now));
  expect(slept).toEqual([0, 0, 11_000, 0, 11_000, 0, 0, 0, 11_000]);
});

test("long loading is told after half a minute, and then ever more rarely", () => {
  const told: number[] = [];
  let last = 0;
  for (let now = 1000; now <= 400_000; now += 1000) {
    const seen = lookAtLoading({ actors: 2, since: 1000 }, now, last);
    last = seen.told;
    if (seen.notice !== undefined) told.push(now - 1000);
  }
  expect(told).toEqual([30_000, 60_000, 120_000, 240_000]);
  expect(lookAtLoading({ actors: 1, since: 1000 }, 31_000, 0).notice).toMatch(/^an actor has been loading for 30 s: /);
  // Those that load later are told anew.
  expect(lookAtLoading({ actors: 1, since: 500_000 }, 529_000, last)).toEqual({ told: last });
  expect(lookAtLoading({ actors: 1, since: 500_000 }, 530_000, last).notice).toBeDefined();
  expect(lookAtLoading({ actors: 0, since: Infinity }, 530_000, last)).toEqual({ told: 0 });
});
