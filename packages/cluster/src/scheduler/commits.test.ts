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

test("where one result is refused, another that is held of the same task is committed, and nobody computes it again", () => {
  const fleet = new TestFleet();
  fleet.submit("job");
  fleet.join("a");
  fleet.join("b");
  fleet.offer("job", 1);
  const [[liar, leased] = []] = Object.entries(fleet.leased()).flatMap(([worker, tasks]) => tasks.map((one) => [worker, one] as const));
  if (liar === undefined || leased === undefined) throw new Error("nothing was leased");
  const good = liar === "a" ? "b" : "a";
  present(fleet, liar, leased);
  // Of an attempt before a restart.
  const early = { epoch: fleet.state.settings.epoch - 1, number: 7 };
  present(fleet, good, { ...leased, attempt: early });
  expect(fleet.take("commit")).toMatchObject([{ entry: { worker: liar } }]);
  const only = { worker: liar, attempt: leased.attempt };
  fleet.tell({ kind: "commit-abandoned", task: leased.task, only });
  expect(fleet.take("commit")).toMatchObject([{ entry: { kind: "result", worker: good, attempt: early } }]);
  expect([fleet.take("lease"), fleet.state.workers.get(liar)?.presentedResults, fleet.state.workers.get(good)?.presentedResults]).toEqual([[], 0, 1]);
  fleet.tell({ kind: "commit-abandoned", task: leased.task, only: { worker: good, attempt: early } });
  expect(Object.values(fleet.leased()).flat()).toMatchObject([{ task: leased.task }]);
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
