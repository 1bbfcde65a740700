import { expect, test } from "vitest";
import type { LeasedTask } from "./effects.ts";
import { msPerRow } from "./rates.ts";
import { TestFleet } from "./scheduler.fixture.ts";
import type { Segment, Worker } from "./state.ts";

test("tasks that were computed together, and are answered at once, tell the rate that each alone would", () => {
  const fleet = new TestFleet();
  fleet.submit("job");
  fleet.join("a");
  fleet.offer("job", 40, { ends: false });
  const waiting: LeasedTask[] = [];
  const answer = (afterMs: number): void => {
    waiting.push(...(fleet.leased()["a"] ?? []));
    fleet.result("a", waiting.shift() as LeasedTask, afterMs);
  };
  answer(100);
  const segment = fleet.state.jobs.get("job")?.segments[0] as Segment;
  const worker = fleet.state.workers.get("a") as Worker;
  expect(msPerRow(segment, worker)).toBeCloseTo(10);
  for (let group = 0; group < 5; group++) {
    answer(400);
    for (let task = 0; task < 3; task++) answer(0);
    expect(msPerRow(segment, worker)).toBeCloseTo(10, 1);
  }
  // One that became faster is known for it before long.
  for (let task = 0; task < 16; task++) answer(5);
  expect(msPerRow(segment, worker)).toBeLessThan(3);
});
