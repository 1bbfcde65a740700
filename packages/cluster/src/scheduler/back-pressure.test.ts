import { expect, test } from "vitest";
import type { LeasedTask } from "./effects.ts";
import { TestFleet } from "./scheduler.fixture.ts";

const MiB = 2 ** 20;

/** How many blocks a driver is asked for at a time, once it is known how fast a worker is. */
function asksOf(bytes: number): number[] {
  const fleet = new TestFleet({ maxOpenBytes: 128 * MiB });
  fleet.submit("job");
  fleet.join("a");
  const asks: number[] = [];
  const leased: LeasedTask[] = [];
  let offered = 0;
  for (let done = 0; done < 1_000; done++) {
    for (const { blocks } of fleet.take("ask-for-blocks")) {
      if (done > 500) asks.push(blocks);
      for (let left = blocks; left > 0; left--) fleet.tell({ kind: "block-offered", job: "job", segment: 0, block: offered++, rows: 10, bytes });
    }
    leased.push(...(fleet.leased()["a"] ?? []));
    fleet.result("a", leased.shift() as LeasedTask, 5);
  }
  return asks;
}

test("a driver is asked again when an eighth of what it may have open is missing, or four megabytes", () => {
  expect(Math.max(...asksOf(MiB))).toBe(4);
  expect(Math.max(...asksOf(8 * MiB))).toBe(1);
  expect(Math.min(...asksOf(100))).toBeGreaterThan(30);
});
