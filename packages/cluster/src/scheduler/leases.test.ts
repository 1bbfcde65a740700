import { describe, expect, test } from "vitest";
import { blocksOf, TestFleet } from "./scheduler.fixture.ts";

describe("a lease", () => {
  test("is one block while a worker's rate is unknown, then as many as make its work", () => {
    const fleet = new TestFleet();
    fleet.submit("job");
    fleet.join("fast");
    fleet.offer("job", 1000, { ends: false });
    const [first] = fleet.leased()["fast"] ?? [];
    if (first === undefined) throw new Error("nothing was leased");
    expect(fleet.state.workers.get("fast")?.attempts.size).toBe(1);
    fleet.result("fast", first, 100);
    // 100 ms a block, 15 s of work in each of two leases.
    expect(fleet.take("lease").map(({ tasks }) => tasks.length)).toEqual([150, 150]);
  });

  test("shrinks as the end comes near", () => {
    const fleet = new TestFleet();
    fleet.submit("job");
    for (const name of ["a", "b", "c"]) fleet.join(name);
    fleet.offer("job", 43);
    for (const [name, [task]] of Object.entries(fleet.leased())) if (task !== undefined) fleet.result(name, task, 0);
    const sizes = fleet.take("lease").map(({ tasks }) => tasks.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(20);
    expect(sizes.length).toBeGreaterThanOrEqual(3);
  });

  test("ends when its worker is silent for its time, not before, and a late result is still welcome", () => {
    const fleet = new TestFleet();
    fleet.submit("job");
    fleet.join("a");
    fleet.offer("job", 1);
    const [task] = fleet.leased()["a"] ?? [];
    if (task === undefined) throw new Error("nothing was leased");
    fleet.wait(14_999);
    expect(fleet.take("revoke")).toEqual([]);
    fleet.wait(1);
    expect(fleet.take("revoke")).toMatchObject([{ connection: "a", why: "expired" }]);
    fleet.join("b");
    expect(blocksOf(fleet.leased()["b"])).toEqual([0]);
    fleet.result("a", task);
    expect(fleet.take("block-done")).toHaveLength(1);
    expect(fleet.take("revoke")).toMatchObject([{ connection: "b", why: "committed" }]);
    expect(fleet.take("job-done")).toHaveLength(1);
  });

  test("is prolonged by beats; a clock that jumps back takes nothing away", () => {
    const fleet = new TestFleet();
    fleet.submit("job");
    fleet.join("a");
    fleet.offer("job", 1);
    fleet.pass(60_000, "a");
    fleet.now -= 1e9;
    fleet.tell({ kind: "tick" });
    fleet.now += 1e9;
    expect(fleet.take("revoke")).toEqual([]);
  });

  test("is offered again at once when the connection is lost, or given back by one that drains", () => {
    const fleet = new TestFleet();
    fleet.submit("job");
    fleet.join("a");
    fleet.offer("job", 1);
    fleet.tell({ kind: "connection-lost", connection: "a" });
    fleet.take("lease");
    fleet.join("b");
    expect(blocksOf(fleet.leased()["b"])).toEqual([0]);
    fleet.tell({ kind: "worker-draining", connection: "b", finishing: [] });
    fleet.join("c");
    expect(fleet.leased()).toMatchObject({ c: [{ task: { block: 0 } }] });
  });

  test("that never arrived is noticed by what is computed after it", () => {
    const fleet = new TestFleet();
    fleet.submit("job");
    fleet.join("a");
    fleet.offer("job", 20, { ends: false });
    const [first] = fleet.leased()["a"] ?? [];
    if (first === undefined) throw new Error("nothing was leased");
    fleet.result("a", first, 10_000);
    const held = fleet.leased()["a"] ?? [];
    expect(blocksOf(held)).toEqual([1, 2]);
    fleet.tell({ kind: "beat", connection: "a", rows: 1, ...(held[1] === undefined ? {} : { running: held[1].attempt }) });
    expect(blocksOf(fleet.leased()["a"])).toEqual([1]);
  });

  test("that ends with its worker has what may have been computed together computed apart, and no more", () => {
    const fleet = new TestFleet();
    fleet.submit("job");
    fleet.join("a");
    fleet.offer("job", 60, { rows: 100, ends: false });
    const [first] = fleet.leased()["a"] ?? [];
    if (first === undefined) throw new Error("nothing was leased");
    fleet.result("a", first, 100);
    expect(fleet.leased()["a"]?.length).toBeGreaterThan(20);
    fleet.tell({ kind: "connection-lost", connection: "a" });
    fleet.join("b");
    const apart = [...(fleet.state.jobs.get("job")?.segments[0]?.open.values() ?? [])].flatMap(({ parts }) => parts).filter((task) => task.apart);
    expect(apart.map(({ of }) => of.block)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test("a process that itself stood still does not blame its workers", () => {
    const fleet = new TestFleet();
    fleet.submit("job");
    fleet.join("a");
    fleet.offer("job", 1);
    fleet.tell({ kind: "tick" }, 60_000);
    expect(fleet.take("revoke")).toEqual([]);
  });
});

describe("a worker that gets nowhere", () => {
  const held = (): { readonly fleet: TestFleet; readonly say: (beat: { readonly rows?: number; readonly loadedBytes?: number }) => void } => {
    const fleet = new TestFleet();
    fleet.submit("job");
    fleet.join("a");
    fleet.offer("job", 1, { rows: 10 });
    const [{ attempt } = { attempt: { epoch: 0, number: 0 } }] = fleet.leased()["a"] ?? [];
    return { fleet, say: ({ rows = 0, loadedBytes }) => void fleet.tell({ kind: "beat", connection: "a", running: attempt, rows, ...(loadedBytes !== undefined && { loading: true, loadedBytes }) }, 5_000) };
  };
  const beatsUntilFailed = ({ fleet, say }: ReturnType<typeof held>, beat: (n: number) => Parameters<typeof say>[0]): number => {
    for (let n = 0; n < 5_000; n++) {
      say(beat(n));
      if (fleet.take("revoke").some(({ why }) => why === "stalled")) return n;
    }
    return Infinity;
  };

  test("has failed, however it says so: rows that go up and down, or that its block has not", () => {
    expect(beatsUntilFailed(held(), () => ({ rows: 3 }))).toBe(24);
    expect(beatsUntilFailed(held(), (n) => ({ rows: 1 + (n % 2) }))).toBe(25);
    expect(beatsUntilFailed(held(), (n) => ({ rows: 10 + n }))).toBe(24);
  });

  test("may load for half an hour, and longer where much of its model comes; but not by turns with computing nothing", () => {
    expect(beatsUntilFailed(held(), () => ({ loadedBytes: 0 }))).toBe(360);
    expect(beatsUntilFailed(held(), () => ({ loadedBytes: 16_000 * 3_600 }))).toBe(360 + 720);
    expect(beatsUntilFailed(held(), (n) => (n % 2 === 0 ? { loadedBytes: 0 } : {}))).toBeLessThan(30);
  });

  test.each([["loads", { loading: true, loadedBytes: 0 }], ["computes", {}]])("and %s what nobody wants any more loses what is in line behind that, of which it says nothing", (_, says) => {
    const fleet = new TestFleet({ strikes: 100 });
    fleet.submit("job");
    fleet.join("a");
    fleet.offer("job", 1, { rows: 1 });
    for (let times = 0; times < 10; times++) {
      expect(Object.keys(fleet.leased())).toEqual(["a"]);
      for (let n = 0; n < 400 && fleet.take("revoke").length === 0; n++) fleet.tell({ kind: "beat", connection: "a", running: { epoch: 0, number: 999 }, rows: 0, ...says }, 5_000);
      fleet.pass(60_000);
    }
    expect(fleet.take("commit")).toEqual([]);
    // Nor is it to be computed by itself from now on.
    expect(fleet.leased()["a"]?.map(({ apart }) => apart)).toEqual([undefined]);
  });

  test("is not borne for longer because it was slow to fail before", () => {
    const fleet = new TestFleet({ strikes: 100 });
    fleet.submit("job");
    for (const name of ["good", "slow"]) fleet.join(name);
    fleet.offer("job", 40, { rows: 10, ends: false });
    const leased = fleet.leased();
    const [first] = leased["good"] ?? [];
    if (first === undefined) throw new Error("nothing was leased");
    fleet.result("good", first, 1000);
    for (let times = 0, held = leased["slow"] ?? []; times < 4; times++, held = fleet.leased()["slow"] ?? []) {
      const [attempt] = held.map((one) => one.attempt);
      if (attempt === undefined) throw new Error("it was leased nothing");
      const since = fleet.now;
      const beat = (rows: number): unknown => fleet.tell({ kind: "beat", connection: "slow", running: attempt, rows }, 5_000);
      for (let n = 0; n < 20; n++) beat(0);
      while (!fleet.take("revoke").some(({ connection, why }) => connection === "slow" && why === "stalled")) {
        beat(1);
        expect(fleet.now - since).toBeLessThan(3600_000);
        fleet.tell({ kind: "beat", connection: "good", rows: 0 });
      }
    }
  });

  test("with the first of several that it computes together gets somewhere as long as any rows are done", () => {
    const fleet = new TestFleet();
    fleet.submit("job");
    fleet.join("a");
    fleet.offer("job", 30, { rows: 10, ends: false });
    const [begin] = fleet.leased()["a"] ?? [];
    if (begin === undefined) throw new Error("nothing was leased");
    fleet.result("a", begin, 100);
    const [first] = fleet.leased()["a"] ?? [];
    if (first === undefined) throw new Error("nothing was leased");
    const all = 10 * (fleet.state.workers.get("a")?.attempts.size ?? 0);
    expect(all).toBeGreaterThan(100);
    for (let rows = 10; rows <= all; rows += 10) fleet.tell({ kind: "beat", connection: "a", running: first.attempt, rows }, 20_000);
    expect(fleet.take("revoke")).toEqual([]);
    // It has no more than those.
    for (let n = 1; n <= 7; n++) fleet.tell({ kind: "beat", connection: "a", running: first.attempt, rows: all + n }, 20_000);
    expect(fleet.take("revoke")).toMatchObject([{ why: "stalled" }]);
  });

  test("and gets on once it has loaded is not held to how long that took", () => {
    const worker = held();
    for (let n = 0; n < 100; n++) worker.say({ loadedBytes: 1_000 });
    for (let n = 0; n < 20; n++) worker.say({ rows: 0 });
    expect(worker.fleet.take("revoke")).toEqual([]);
  });
});

describe("a result", () => {
  test("of a task that its worker never had is refused, and the ledger is not asked", () => {
    const fleet = new TestFleet();
    fleet.submit("job");
    for (const name of ["a", "b"]) fleet.join(name);
    fleet.offer("job", 1);
    const leased = fleet.leased()["a"]?.[0];
    if (leased === undefined) throw new Error("nothing was leased");
    fleet.tell({ kind: "result", connection: "b", ...leased });
    expect(fleet.take("refuse")).toMatchObject([{ connection: "b" }]);
    expect(fleet.take("commit")).toEqual([]);
  });

  test("is committed once, and again after an answer that says nothing", () => {
    const fleet = new TestFleet();
    fleet.submit("job");
    fleet.join("a");
    fleet.offer("job", 1);
    const leased = fleet.leased()["a"]?.[0];
    if (leased === undefined) throw new Error("nothing was leased");
    fleet.tell({ kind: "result", connection: "a", ...leased });
    fleet.tell({ kind: "result", connection: "a", ...leased });
    const [commit, ...more] = fleet.take("commit");
    expect(more).toEqual([]);
    fleet.tell({ kind: "commit-unknown", task: leased.task });
    fleet.tell({ kind: "tick" }, 200);
    expect(fleet.take("commit")).toEqual([commit]);
    expect(fleet.take("settle")).toEqual([]);
    fleet.tell({ kind: "commit-won", task: leased.task });
    expect(fleet.take("settle")).toHaveLength(1);
    expect(fleet.take("job-done")).toEqual([{ kind: "job-done", job: "job", quarantinedRows: 0 }]);
  });

  test("that a worker has held since before a restart is committed without running the block again", () => {
    const fleet = new TestFleet({ epoch: 1 });
    fleet.submit("job");
    fleet.tell({ kind: "ledger-replayed", task: { job: "job", segment: 0, block: 0, first: 0, rows: 10 }, entry: { kind: "result", attempt: { epoch: 0, number: 1 }, worker: "a" } });
    fleet.join("a");
    const task = { job: "job", segment: 0, block: 1, first: 0, rows: 10 };
    fleet.tell({ kind: "result", connection: "a", task, attempt: { epoch: 0, number: 2 } });
    fleet.offer("job", 2);
    expect(fleet.commitAll()).toEqual([task]);
    expect(fleet.leased()).toEqual({});
    expect(fleet.take("block-done").map(({ block }) => block)).toEqual([0, 1]);
    expect(fleet.take("job-done")).toHaveLength(1);
  });
});

test("of two connections of one worker the one that joined last counts, and the other is closed", () => {
  const fleet = new TestFleet();
  fleet.submit("job");
  fleet.join("a", { connection: "a#1" });
  fleet.offer("job", 1);
  expect(blocksOf(fleet.leased()["a#1"])).toEqual([0]);
  fleet.join("a", { connection: "a#2" });
  expect(blocksOf(fleet.leased()["a#2"])).toEqual([0]);
  fleet.tell({ kind: "beat", connection: "a#1", rows: 1 });
  expect(fleet.take("close")).toEqual([{ kind: "close", connection: "a#1" }]);
  fleet.tell({ kind: "connection-lost", connection: "a#1" });
  expect(fleet.state.workers.get("a")?.attempts.size).toBe(1);
});
