import { expect, test } from "vitest";
import { TestFleet } from "../../../scheduler/scheduler.fixture.ts";
import { hungerOf } from "./guest-hunger.ts";

test("a worker that has blocks of a job led here hungers for nothing, though none of that job wait: its gateway would take back what it lends", () => {
  const fleet = new TestFleet();
  fleet.join("idle");
  expect(hungerOf(fleet.state, 1, 0).blocks).toBe(2);
  fleet.submit("job");
  fleet.offer("job", 1, { ends: false });
  expect(hungerOf(fleet.state, 1, 0)).toEqual({ blocks: 0, wants: [] });
  for (const leased of fleet.leased()["idle"] ?? []) fleet.result("idle", leased);
  expect(hungerOf(fleet.state, 1, 0).blocks).toBe(2);
});
