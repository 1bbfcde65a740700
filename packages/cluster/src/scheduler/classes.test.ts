import { describe, expect, test } from "vitest";
import { blocksOf, TestFleet } from "./scheduler.fixture.ts";

describe("placement", () => {
  test("an actor that does not fit a worker's CPUs or GPUs is not leased to it", () => {
    const fleet = new TestFleet();
    fleet.submit("job", {}, { cpus: 5, gpus: 1 });
    fleet.join("small", { cpus: 4, gpus: 1 });
    fleet.join("without", { cpus: 16, gpus: 0 });
    fleet.offer("job", 4);
    expect(fleet.leased()).toEqual({});
    fleet.join("large", { cpus: 16, gpus: 1 });
    expect(Object.keys(fleet.leased())).toEqual(["large"]);
  });

  test("what is only for the trusted, or comes as code, goes to no volunteer, nor to one that runs no code", () => {
    const fleet = new TestFleet();
    fleet.submit("secret", {}, { trusted: true });
    fleet.submit("code", {}, { runsCode: true });
    fleet.join("volunteer", { volunteer: true });
    fleet.offer("secret", 2);
    fleet.offer("code", 2);
    expect(fleet.leased()).toEqual({});
    fleet.join("own");
    fleet.join("developer", { runsCode: true, volunteer: true });
    const leased = fleet.leased();
    expect(leased["own"]?.every(({ task }) => task.job === "secret")).toBe(true);
    expect(leased["developer"]?.every(({ task }) => task.job === "code")).toBe(true);
  });
});

describe("a pause", () => {
  test("of a job leases nothing more of it, takes its results, and ends", () => {
    const fleet = new TestFleet();
    fleet.submit("job");
    fleet.join("a");
    fleet.offer("job", 8, { ends: false });
    const [first] = fleet.leased()["a"] ?? [];
    if (first === undefined) throw new Error("nothing was leased");
    fleet.tell({ kind: "job-paused", job: "job" });
    fleet.result("a", first);
    expect(fleet.take("block-done")).toHaveLength(1);
    expect(fleet.leased()).toEqual({});
    fleet.tell({ kind: "job-resumed", job: "job" });
    expect(blocksOf(fleet.leased()["a"])).toContain(1);
  });

  test("of a worker gives back what it had, and it is asked again when it goes on", () => {
    const fleet = new TestFleet();
    fleet.submit("job");
    fleet.join("a");
    fleet.offer("job", 1);
    expect(blocksOf(fleet.leased()["a"])).toEqual([0]);
    fleet.tell({ kind: "worker-ready", connection: "a", credit: 0 });
    expect(fleet.take("revoke")).toMatchObject([{ why: "moved" }]);
    fleet.join("b");
    expect(blocksOf(fleet.leased()["b"])).toEqual([0]);
    fleet.tell({ kind: "connection-lost", connection: "b" });
    expect(fleet.leased()).toEqual({});
    fleet.tell({ kind: "worker-ready", connection: "a", credit: 2 });
    expect(blocksOf(fleet.leased()["a"])).toEqual([0]);
  });

  test("of a worker that finishes what it runs gives that to nobody else", () => {
    const fleet = new TestFleet();
    fleet.submit("job");
    fleet.join("a");
    fleet.offer("job", 1);
    const [running] = fleet.leased()["a"] ?? [];
    if (running === undefined) throw new Error("nothing was leased");
    fleet.tell({ kind: "worker-ready", connection: "a", credit: 0, finishing: [running.attempt.number] });
    fleet.join("b");
    expect([fleet.take("revoke"), fleet.leased()]).toEqual([[], {}]);
    fleet.result("a", running);
    expect(fleet.take("block-done")).toHaveLength(1);
  });
});

test("few blocks are asked for until it is known how large they are", () => {
  const fleet = new TestFleet({ maxOpenBytes: 1000 });
  for (let number = 0; number < 20; number++) fleet.join(`worker ${number}`);
  fleet.submit("job");
  expect(fleet.take("ask-for-blocks")).toMatchObject([{ blocks: 8 }]);
  fleet.offer("job", 8, { ends: false });
  expect(fleet.take("ask-for-blocks").reduce((sum, { blocks }) => sum + blocks, 0)).toBe(2);
});

test("a driver that comes back is asked for everything again, also where its input had ended", () => {
  const fleet = new TestFleet();
  fleet.submit("job");
  fleet.join("a");
  fleet.offer("job", 3);
  fleet.take("ask-for-blocks");
  for (const task of fleet.leased()["a"] ?? []) fleet.result("a", task);
  fleet.submit("job");
  expect(fleet.take("ask-for-blocks")[0]?.blocks).toBeGreaterThan(0);
  fleet.take("block-done");
  fleet.offer("job", 3);
  expect(fleet.take("block-done").map(({ block }) => block)).toEqual([0]);
});

describe("what a worker says of loading", () => {
  const model = { hash: "m", loadMs: 1000 };
  const loadMs = (fleet: TestFleet): number | undefined => fleet.state.jobs.get("job")?.segments[0]?.loadMs;
  const cold = (expectedBlocks: number): TestFleet => {
    const fleet = new TestFleet();
    fleet.tell({ kind: "job-submitted", spec: { job: "job", priority: 0, weight: 1, segments: [{ needs: { devices: [], memoryBytes: 0, model }, divisible: true, expectedBlocks }] } });
    return fleet;
  };

  test("counts once, and as no longer than it was leased something that needs the model", () => {
    const fleet = cold(4);
    fleet.join("idle");
    fleet.tell({ kind: "worker-ready", connection: "idle", model: "m", loadMs: 1.7e308 });
    expect(loadMs(fleet)).toBe(1000);
    fleet.tell({ kind: "connection-lost", connection: "idle" });
    fleet.join("liar");
    fleet.offer("job", 1);
    for (let times = 0; times < 2; times++) {
      fleet.tell({ kind: "worker-ready", connection: "liar", model: "m", loadMs: 1.7e308 }, 3000);
      expect(loadMs(fleet)).toBe(2000);
    }
  });

  test("does not keep others from work, however much it says", () => {
    const fleet = cold(100);
    for (const name of ["liar", "other"]) fleet.join(name);
    fleet.offer("job", 40, { ends: false });
    for (const connection of ["liar", "other"]) fleet.tell({ kind: "worker-ready", connection, model: "m", loadMs: 1.7e308 }, 100);
    fleet.tell({ kind: "connection-lost", connection: "liar" });
    fleet.tell({ kind: "connection-lost", connection: "other" });
    fleet.join("cold");
    const [running] = fleet.leased()["cold"] ?? [];
    if (running === undefined) throw new Error("nothing was leased");
    // The first guess of its rate: now the end is in sight, and all who are there are cold.
    fleet.tell({ kind: "beat", connection: "cold", running: running.attempt, rows: 5 }, 1000);
    fleet.join("late");
    expect(blocksOf(fleet.leased()["late"])).toHaveLength(1);
  });
});
