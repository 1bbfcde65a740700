import { expect, test } from "vitest";
import { surplusTasks } from "./stand-ins.ts";
import { blocksOf, TestFleet } from "./scheduler.fixture.ts";

const standIn = { standsIn: true, credit: 0 } as const;
const result = (epoch: number, number: number) => ({ kind: "result", attempt: { epoch, number }, worker: "somewhere" }) as const;

test("a stand-in gets what workers here don't begin soon, as much as it has credit for, and no answer of its is waited for first", () => {
  const fleet = new TestFleet();
  fleet.submit("job");
  fleet.join("here");
  fleet.join("elsewhere", standIn);
  fleet.offer("job", 20, { ends: false });
  // One that has shown no rate is taken to begin two soon.
  expect([fleet.leased()["elsewhere"], surplusTasks(fleet.state, fleet.state.jobs.get("job")!.segments[0]!)]).toEqual([undefined, 17]);
  fleet.tell({ kind: "worker-ready", connection: "elsewhere", credit: 5 });
  expect(blocksOf(fleet.leased()["elsewhere"])).toEqual([1, 2, 3, 4, 5]);
  fleet.tell({ kind: "worker-ready", connection: "elsewhere", credit: 5 });
  expect(fleet.leased()).toEqual({});
  // More credit, and less left over.
  fleet.tell({ kind: "worker-ready", connection: "elsewhere", credit: 100 });
  expect(blocksOf(fleet.leased()["elsewhere"])).toHaveLength(12);
});

test("where nobody is here a stand-in gets all there is, and the driver is asked for as much as it would take", () => {
  const fleet = new TestFleet();
  fleet.submit("job");
  fleet.join("elsewhere", standIn);
  fleet.offer("job", 3, { ends: false });
  fleet.take("ask-for-blocks");
  fleet.tell({ kind: "worker-ready", connection: "elsewhere", credit: 50 });
  expect(fleet.take("ask-for-blocks").reduce((sum, { blocks }) => sum + blocks, 0)).toBeGreaterThanOrEqual(45);
  expect(blocksOf(fleet.leased()["elsewhere"])).toEqual([0, 1, 2]);
});

test("what the ledger has of another gateway ends the stand-in's attempt and tells its pace; its credit of none takes nothing away", () => {
  const fleet = new TestFleet({ epoch: 7 });
  fleet.submit("job");
  fleet.join("elsewhere", { ...standIn, credit: 4 });
  fleet.offer("job", 4, { ends: false });
  const leased = fleet.leased()["elsewhere"] ?? [];
  fleet.tell({ kind: "worker-ready", connection: "elsewhere", credit: 0 });
  expect(fleet.take("revoke")).toEqual([]);
  for (const { task } of leased) fleet.tell({ kind: "commit-lost", task, winner: result(9, task.block) }, 1_000);
  const segment = fleet.state.jobs.get("job")?.segments[0];
  expect([segment?.committed.size, fleet.state.workers.get("elsewhere")?.attempts.size]).toEqual([4, 0]);
  // Ten rows a second.
  expect(segment?.totalRate).toBeCloseTo(0.01, 3);
});

test("of many machines that fail none is shut out, and what is given back is free again at once", () => {
  const fleet = new TestFleet();
  fleet.submit("job");
  fleet.join("elsewhere", { ...standIn, credit: 1 });
  fleet.offer("job", 8, { ends: false });
  for (let time = 0; time < 4; time++) {
    const [leased] = fleet.leased()["elsewhere"] ?? [];
    expect(leased).toBeDefined();
    if (leased !== undefined) fleet.tell({ kind: "failed", connection: "elsewhere", ...leased, failure: "aborted", error: { code: "aborted", message: "" } });
  }
  expect(fleet.state.jobs.get("job")?.strikes.size).toBe(0);
});

test("a job that is led elsewhere is done as far as it was lent: parts of a block alone, no asking, no end", () => {
  const fleet = new TestFleet();
  const spec = { job: "lent", priority: 0, weight: 1, borrowed: true, segments: [{ needs: { devices: [], memoryBytes: 0 }, divisible: true }] };
  fleet.tell({ kind: "job-submitted", spec });
  fleet.join("here");
  const part = { job: "lent", segment: 0, block: 5, first: 3, rows: 2 };
  fleet.tell({ kind: "task-borrowed", task: part, blockRows: 10, bytes: 100 });
  fleet.tell({ kind: "task-borrowed", task: part, blockRows: 10, bytes: 100 });
  const [leased] = fleet.leased()["here"] ?? [];
  expect(leased?.task).toEqual(part);
  if (leased !== undefined) fleet.result("here", leased);
  expect([fleet.take("block-done").length, fleet.take("ask-for-blocks"), fleet.take("job-done")]).toEqual([1, [], []]);
  // Another part of the same block, later.
  const other = { ...part, first: 0, rows: 3 };
  fleet.tell({ kind: "task-borrowed", task: other, blockRows: 10, bytes: 100 });
  expect(fleet.leased()["here"]?.map(({ task }) => task)).toEqual([other]);
  fleet.tell({ kind: "task-withdrawn", task: other });
  expect(fleet.take("revoke")).toMatchObject([{ why: "moved" }]);
  expect(fleet.state.jobs.get("lent")?.segments[0]?.open.size).toBe(0);
});

test("a job that was lent here is led here once its driver comes", () => {
  const fleet = new TestFleet();
  const spec = { job: "job", priority: 0, weight: 1, segments: [{ needs: { devices: [], memoryBytes: 0 }, divisible: true }] };
  fleet.tell({ kind: "job-submitted", spec: { ...spec, borrowed: true } });
  fleet.join("here");
  fleet.tell({ kind: "task-borrowed", task: { job: "job", segment: 0, block: 1, first: 0, rows: 10 }, blockRows: 10, bytes: 100 });
  const [leased] = fleet.leased()["here"] ?? [];
  fleet.submit("job");
  fleet.tell({ kind: "ledger-replayed", task: { job: "job", segment: 0, block: 0, first: 0, rows: 10 }, entry: result(1, 1) });
  fleet.offer("job", 2);
  if (leased !== undefined) fleet.result("here", leased);
  expect(fleet.take("job-done")).toHaveLength(1);
});

test("what workers here were leased for later comes back for a stand-in that has room, and theirs is what they begin soon", () => {
  const fleet = new TestFleet();
  fleet.submit("job");
  fleet.join("here");
  fleet.offer("job", 60);
  // A second for each, so that it is leased as far ahead as there is nobody else.
  for (let time = 0; time < 3; time++) {
    const first = [...(fleet.state.workers.get("here")?.attempts.values() ?? [])][0]!;
    fleet.result("here", { task: { job: "job", segment: 0, block: first.task.of.block, first: 0, rows: 10 }, attempt: { epoch: 0, number: first.number } }, 1_000);
  }
  const before = fleet.state.workers.get("here")!.attempts.size;
  fleet.join("elsewhere", { ...standIn, credit: 100 });
  const [here, elsewhere] = ["here", "elsewhere"].map((name) => fleet.state.workers.get(name)!.attempts.size) as [number, number];
  expect(before).toBeGreaterThan(10);
  expect(fleet.take("revoke")).toMatchObject([{ connection: "here", why: "moved" }]);
  expect(here).toBeLessThanOrEqual(6);
  expect(here).toBeGreaterThanOrEqual(3);
  expect(here + elsewhere + fleet.state.jobs.get("job")!.segments[0]!.readyTasks).toBe(57);
  // Nothing goes to and fro.
  for (let time = 0; time < 4; time++) fleet.tell({ kind: "worker-ready", connection: "elsewhere", credit: 200 }, 600);
  expect(fleet.take("revoke")).toEqual([]);
});

test("what a stand-in gives back goes to a worker here that has nothing", () => {
  const fleet = new TestFleet();
  fleet.submit("job");
  fleet.join("elsewhere", { ...standIn, credit: 1 });
  fleet.offer("job", 1, { ends: false });
  const [leased] = fleet.leased()["elsewhere"] ?? [];
  fleet.join("here");
  if (leased !== undefined) fleet.tell({ kind: "failed", connection: "elsewhere", ...leased, failure: "aborted", error: { code: "aborted", message: "" } });
  expect(Object.keys(fleet.leased())).toEqual(["here"]);
});
