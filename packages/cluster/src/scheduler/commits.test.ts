import { expect, test } from "vitest";
import { commitsStalledMs } from "./commits.ts";
import type { LeasedTask } from "./effects.ts";
import { blocksOf, TestFleet } from "./scheduler.fixture.ts";

function leasedOne(fleet: TestFleet, worker: string): LeasedTask {
  const [leased] = fleet.leased()[worker] ?? [];
  if (leased === undefined) throw new Error(`nothing was leased to ${worker}`);
  return leased;
}

const present = (fleet: TestFleet, worker: string, { task, attempt }: LeasedTask) => fleet.tell({ kind: "result", connection: worker, task, attempt }, 10);

test("a result that could not be kept leaves its task open, and its worker with no result to its name", () => {
  const fleet = new TestFleet();
  fleet.submit("job");
  fleet.join("a");
  fleet.offer("job", 1);
  const leased = leasedOne(fleet, "a");
  present(fleet, "a", leased);
  fleet.tell({ kind: "commit-abandoned", task: leased.task });
  expect(fleet.state.workers.get("a")?.presentedResults).toBe(0);
  expect(fleet.state.jobs.get("job")?.committing).toBe(0);
  expect(fleet.take("settle")).toEqual([]);
  const again = leasedOne(fleet, "a");
  expect(again.task).toEqual(leased.task);
  expect(again.attempt).not.toEqual(leased.attempt);
  // Said twice, or too late, it changes nothing.
  fleet.tell({ kind: "commit-abandoned", task: leased.task });
  fleet.result("a", again);
  expect(fleet.take("job-done")).toHaveLength(1);
  fleet.tell({ kind: "commit-abandoned", task: leased.task });
});

test("one that is given up while it fills what may wait makes room for leases", () => {
  const fleet = new TestFleet({ maxCommitting: 1 });
  fleet.submit("job");
  fleet.join("a");
  fleet.join("b");
  fleet.offer("job", 3);
  const leased = fleet.leased();
  const [first] = leased["a"] ?? [];
  const [second] = leased["b"] ?? [];
  if (first === undefined || second === undefined) throw new Error("not both were leased a block");
  present(fleet, "a", first);
  expect(fleet.take("lease")).toEqual([]);
  fleet.tell({ kind: "commit-abandoned", task: first.task });
  expect(Object.values(fleet.leased()).flatMap(blocksOf)).toContain(0);
});

test("the time without a decision is counted from the first that was missed, until one comes", () => {
  const fleet = new TestFleet();
  fleet.submit("job");
  fleet.join("a");
  fleet.offer("job", 2);
  const leased = leasedOne(fleet, "a");
  present(fleet, "a", leased);
  expect(commitsStalledMs(fleet.state)).toBe(0);
  fleet.tell({ kind: "commit-unknown", task: leased.task }, 100);
  fleet.tell({ kind: "tick" }, 1000);
  fleet.tell({ kind: "commit-unknown", task: leased.task }, 500);
  expect(commitsStalledMs(fleet.state)).toBe(1500);
  fleet.tell({ kind: "commit-won", task: leased.task }, 10);
  expect(commitsStalledMs(fleet.state)).toBe(0);
});

test("drivers are told that a job was taken back, once", () => {
  const fleet = new TestFleet();
  fleet.submit("job");
  fleet.join("a");
  fleet.offer("job", 2);
  fleet.tell({ kind: "job-cancelled", job: "job" });
  fleet.tell({ kind: "job-cancelled", job: "job" });
  expect(fleet.take("job-cancelled")).toEqual([{ kind: "job-cancelled", job: "job" }]);
  expect(fleet.take("revoke")).toMatchObject([{ connection: "a", why: "job-ended" }]);
});
