import { describe, expect, test } from "vitest";
import { blocksOf, TestFleet } from "./scheduler.fixture.ts";

const needs = { devices: [], memoryBytes: 0 } as const;

describe("several jobs", () => {
  test("go by priority", () => {
    const fleet = new TestFleet();
    fleet.submit("low");
    fleet.offer("low", 10);
    fleet.submit("high", { priority: 1 });
    fleet.offer("high", 1);
    fleet.join("a");
    expect(fleet.leased()["a"]?.[0]?.task.job).toBe("high");
  });

  test("go by priority also with workers that are at another job: one task to try, then no other job's until this one has none", () => {
    const fleet = new TestFleet({ maxTasksPerLease: 1 });
    fleet.submit("low");
    fleet.offer("low", 100, { ends: false });
    fleet.join("a");
    const queue = fleet.leased()["a"] ?? [];
    const work = (): string => {
      const leased = queue.shift();
      if (leased === undefined) throw new Error("nothing was leased");
      fleet.result("a", leased);
      queue.push(...(fleet.leased()["a"] ?? []));
      return leased.task.job;
    };
    for (let count = 0; count < 5; count++) expect(work()).toBe("low");
    fleet.submit("high", { priority: 1 });
    fleet.offer("high", 6);
    const done = Array.from({ length: 10 }, work);
    // What it had on lease before; then the other job, whole.
    expect(done).toEqual(["low", "low", ...Array<string>(6).fill("high"), "low", "low"]);
  });

  test("of one priority share a worker that is at one of them when the other comes", () => {
    const fleet = new TestFleet({ maxTasksPerLease: 1 });
    fleet.submit("first");
    fleet.offer("first", 400, { ends: false });
    fleet.join("a");
    const queue = fleet.leased()["a"] ?? [];
    const got: Record<string, number> = {};
    const run = (blocks: number): void => {
      for (let count = 0; count < blocks; count++) {
        const leased = queue.shift();
        if (leased === undefined) throw new Error("nothing was leased");
        got[leased.task.job] = (got[leased.task.job] ?? 0) + 1;
        fleet.result("a", leased);
        queue.push(...(fleet.leased()["a"] ?? []));
      }
    };
    run(50);
    fleet.submit("second");
    fleet.offer("second", 400, { ends: false });
    run(100);
    expect(got["second"]).toBeGreaterThan(40);
    expect(got["second"]).toBeLessThan(60);
  });

  test("share workers by weight, and time that one did not ask for is not owed to it", () => {
    const fleet = new TestFleet({ maxTasksPerLease: 1 });
    fleet.submit("one");
    fleet.submit("three", { weight: 3 });
    for (const job of ["one", "three"]) fleet.offer(job, 400, { ends: false });
    fleet.join("a", { credit: 1 });
    const got = { one: 0, three: 0, late: 0 };
    const run = (blocks: number): void => {
      for (let count = 0; count < blocks; count++) {
        const leased = fleet.leased()["a"]?.[0];
        if (leased === undefined) throw new Error("nothing was leased");
        got[leased.task.job as "one"]++;
        fleet.result("a", leased, 100);
      }
    };
    run(200);
    expect(got.three / got.one).toBeGreaterThan(2.5);
    expect(got.three / got.one).toBeLessThan(3.5);
    fleet.submit("late");
    fleet.offer("late", 400, { ends: false });
    Object.assign(got, { one: 0, three: 0 });
    run(100);
    expect(got.late).toBeGreaterThan(10);
    expect(got.late).toBeLessThan(30);
  });
});

describe("classes of devices", () => {
  test("a worker is never leased what it can't do", () => {
    const fleet = new TestFleet();
    fleet.submit("gpu", {}, { devices: ["webgpu", "cuda"], memoryBytes: 4e9 });
    fleet.offer("gpu", 3);
    fleet.join("cpu");
    fleet.join("small", { devices: ["cpu", "webgpu"], memoryBytes: 2e9 });
    expect(fleet.leased()).toEqual({});
    fleet.join("large", { devices: ["webgpu"], memoryBytes: 8e9 });
    expect(Object.keys(fleet.leased())).toEqual(["large"]);
  });

  test("a GPU does what only GPUs can, whatever CPUs could do meanwhile", () => {
    const fleet = new TestFleet();
    fleet.submit("job", { segments: [{ needs, divisible: true }, { needs: { devices: ["webgpu"], memoryBytes: 0 }, divisible: true }] });
    fleet.offer("job", 5, { segment: 0 });
    fleet.offer("job", 5, { segment: 1 });
    fleet.join("cpu");
    fleet.join("gpu", { devices: ["cpu", "webgpu"] });
    const leased = fleet.leased();
    expect(leased["cpu"]?.[0]?.task.segment).toBe(0);
    expect(leased["gpu"]?.[0]?.task.segment).toBe(1);
  });
});

describe("a model", () => {
  const model = { hash: "m", loadMs: 10_000 };

  test("is worth a short wait for a worker that has it, and no longer", () => {
    const fleet = new TestFleet();
    fleet.submit("job", {}, { model });
    fleet.join("warm", { models: ["m"] });
    fleet.offer("job", 1, { ends: false });
    fleet.take("lease");
    fleet.join("cold");
    fleet.offer("job", 1, { from: 1, ends: false });
    expect(fleet.leased()).toEqual({});
    fleet.tell({ kind: "tick" }, 999);
    expect(fleet.leased()).toEqual({});
    fleet.tell({ kind: "tick" }, 1);
    expect(blocksOf(fleet.leased()["cold"])).toEqual([1]);
  });

  test("is loaded by others at once where there is more to do than those who have it would get done meanwhile", () => {
    const fleet = new TestFleet();
    fleet.submit("job", {}, { model });
    fleet.join("warm", { models: ["m"] });
    fleet.offer("job", 1000, { ends: false });
    const first = fleet.leased()["warm"]?.[0];
    if (first === undefined) throw new Error("nothing was leased");
    fleet.result("warm", first, 1000);
    fleet.take("lease");
    fleet.join("cold");
    expect(fleet.leased()["cold"]).toHaveLength(1);
  });
});

describe("a driver", () => {
  test("is asked for what keeps the workers busy, and within the bytes that may be open", () => {
    const fleet = new TestFleet({ maxOpenBytes: 1000 });
    fleet.submit("job");
    for (const name of ["a", "b", "c"]) fleet.join(name);
    const asked = (): number => fleet.take("ask-for-blocks").reduce((sum, { blocks }) => sum + blocks, 0);
    expect(asked()).toBe(2);
    fleet.offer("job", 2, { ends: false });
    expect(asked()).toBe(7);
    // Each has 100 bytes.
    fleet.offer("job", 7, { from: 2, ends: false });
    const all = Object.entries(fleet.leased());
    for (const [name, [leased]] of all) if (leased !== undefined) fleet.result(name, leased, 10);
    expect(fleet.state.jobs.get("job")?.segments[0]?.openOffered).toBe(6);
    expect(asked()).toBe(4);
  });

  test("that starts again is told what is done already", () => {
    const fleet = new TestFleet();
    fleet.submit("job");
    fleet.join("a");
    fleet.offer("job", 3, { ends: false });
    const leased = fleet.leased()["a"]?.[0];
    if (leased === undefined) throw new Error("nothing was leased");
    fleet.result("a", leased);
    fleet.take("block-done");
    fleet.submit("job");
    fleet.offer("job", 3, { ends: false });
    expect(fleet.take("block-done").map(({ block }) => block)).toEqual([0]);
    expect(fleet.state.jobs.get("job")?.segments[0]?.open.size).toBe(2);
  });
});
