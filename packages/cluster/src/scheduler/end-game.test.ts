import { describe, expect, test } from "vitest";
import { blocksOf, TestFleet } from "./scheduler.fixture.ts";

/** Two workers of known rates, 10 blocks each of 10 rows: `fast` takes 1 s for one, `slow` 10 s. */
function lastBlocks(): { fleet: TestFleet; run: (name: string, ms: number) => void } {
  const fleet = new TestFleet({ maxTasksPerLease: 1 });
  fleet.submit("job");
  for (const name of ["slow", "fast"]) fleet.join(name, { credit: 1 });
  const held = new Map<string, ReturnType<TestFleet["leased"]>[string][number]>();
  const note = (): void => {
    for (const [name, tasks] of Object.entries(fleet.leased())) for (const task of tasks) held.set(name, task);
  };
  fleet.offer("job", 12);
  note();
  const run = (name: string, ms: number): void => {
    const task = held.get(name);
    if (task === undefined) throw new Error(`${name} has nothing`);
    held.delete(name);
    fleet.result(name, task, ms);
    note();
  };
  return { fleet, run };
}

describe("near the end", () => {
  test("nobody is leased what it would finish last", () => {
    const { fleet, run } = lastBlocks();
    for (let n = 0; n < 6; n++) run("fast", 1000);
    run("slow", 4000);
    // Four blocks are left, and fast does them in four seconds; slow would take ten.
    expect(fleet.state.workers.get("slow")?.attempts.size).toBe(0);
    for (let n = 0; n < 5; n++) run("fast", 1000);
    expect(fleet.take("job-done")).toHaveLength(1);
  });

  test("a straggler's block is run once more, by its worker's own rate, and the loser is told", () => {
    const { fleet, run } = lastBlocks();
    run("slow", 1000);
    for (let n = 0; n < 10; n++) run("fast", 100);
    expect(fleet.state.workers.get("slow")?.attempts.size).toBe(1);
    fleet.pass(500, "slow", "fast");
    expect(fleet.take("lease")).toEqual([]);
    for (let n = 0; n < 10; n++) fleet.pass(200, "slow", "fast");
    const [duplicate, ...more] = fleet.take("lease");
    expect(more).toEqual([]);
    expect(duplicate).toMatchObject({ connection: "fast", duplicate: true });
    const [task] = duplicate?.tasks ?? [];
    if (task === undefined) throw new Error("an empty lease");
    fleet.result("fast", task);
    expect(fleet.take("revoke")).toMatchObject([{ connection: "slow", why: "committed" }]);
    expect(fleet.take("job-done")).toHaveLength(1);
  });

  test("a short block, which may be computed together with others, is not late before all of them could be done", () => {
    const fleet = new TestFleet();
    fleet.submit("job");
    fleet.join("a");
    fleet.offer("job", 2);
    const [first] = fleet.leased()["a"] ?? [];
    if (first === undefined) throw new Error("nothing was leased");
    fleet.result("a", first, 300);
    expect(fleet.state.workers.get("a")?.attempts.size).toBe(1);
    fleet.take("lease");
    fleet.join("b");
    for (let n = 0; n < 12; n++) fleet.pass(100, "a", "b");
    expect(fleet.take("lease").some(({ duplicate }) => duplicate)).toBe(false);
    for (let n = 0; n < 12; n++) fleet.pass(100, "a", "b");
    expect(fleet.take("lease").some(({ duplicate }) => duplicate)).toBe(true);
  });

  test("who has handed over a result that was not the first is told so, before it may drop it", () => {
    const { fleet, run } = lastBlocks();
    run("slow", 1000);
    for (let n = 0; n < 10; n++) run("fast", 100);
    for (let n = 0; n < 11; n++) fleet.pass(200, "slow", "fast");
    const [{ tasks: [duplicate] } = { tasks: [] }] = fleet.take("lease");
    const [late] = fleet.state.workers.get("slow")?.attempts.values() ?? [];
    if (duplicate === undefined || late === undefined) throw new Error("It was not leased twice.");
    const { task } = duplicate;
    const first = { epoch: fleet.state.settings.epoch, number: late.number };
    // Both are there before the ledger has decided.
    fleet.tell({ kind: "result", connection: "fast", task, attempt: duplicate.attempt });
    fleet.tell({ kind: "result", connection: "slow", task, attempt: first });
    expect(fleet.take("revoke")).toEqual([]);
    const effects = fleet.tell({ kind: "commit-won", task }).filter(({ kind }) => kind === "revoke" || kind === "settle");
    expect(effects).toMatchObject([
      { kind: "revoke", connection: "slow", tasks: [{ task, attempt: first }], why: "committed" },
      { kind: "settle", connection: "fast" }, { kind: "settle", connection: "slow", attempt: first },
    ]);
  });

  test("a block that waits in a lease moves to an idle worker", () => {
    const fleet = new TestFleet();
    fleet.submit("job");
    fleet.join("a");
    fleet.offer("job", 5, { ends: false });
    const first = fleet.leased()["a"]?.[0];
    if (first === undefined) throw new Error("nothing was leased");
    fleet.result("a", first, 5000);
    expect(blocksOf(fleet.leased()["a"]).length).toBeGreaterThanOrEqual(3);
    fleet.tell({ kind: "input-ended", job: "job", segment: 0, blocks: 5 });
    fleet.join("b");
    for (let n = 0; n < 20; n++) fleet.pass(50, "a", "b");
    expect(fleet.leased()["b"]?.length).toBeGreaterThanOrEqual(1);
  });

  test("it moves where it would be done sooner, though not in half the time", () => {
    const fleet = new TestFleet({ maxTasksPerLease: 1 });
    fleet.submit("job");
    for (const name of ["a", "b"]) fleet.join(name);
    fleet.offer("job", 5);
    const { a = [], b = [] } = fleet.leased();
    const [a1, b1] = [a[0], b[0]];
    if (a1 === undefined || b1 === undefined) throw new Error("somebody has nothing");
    fleet.result("a", a1, 4000);
    fleet.result("b", b1, 0);
    // Of three that are left one has begun on each, the third waits behind one of them.
    const { a: [a2] = [], b: [b2] = [] } = fleet.leased();
    if (a2 === undefined || b2 === undefined) throw new Error("somebody has nothing");
    const other = (fleet.state.connections.get("a")?.attempts.size ?? 0) > 1 ? "b" : "a";
    fleet.result(other, other === "a" ? a2 : b2, 3000);
    fleet.take("lease");
    fleet.pass(150, "a", "b");
    expect(fleet.take("revoke")).toMatchObject([{ why: "moved" }]);
    expect(fleet.state.connections.get(other)?.attempts.size).toBe(1);
  });

  test("what waits in one worker's lease goes to those that came later, however little is done", () => {
    const fleet = new TestFleet();
    fleet.submit("job");
    fleet.join("first", { credit: 8 });
    fleet.offer("job", 10, { ends: false });
    const [task] = fleet.leased()["first"] ?? [];
    if (task === undefined) throw new Error("nothing was leased");
    fleet.result("first", task, 1000);
    fleet.tell({ kind: "input-ended", job: "job", segment: 0, blocks: 10 });
    // It has all the others, none of which is done.
    expect(fleet.state.connections.get("first")?.attempts.size).toBe(9);
    for (const name of ["b", "c", "d"]) fleet.join(name);
    for (let n = 0; n < 3; n++) fleet.pass(100, "first", "b", "c", "d");
    expect(["b", "c", "d"].map((name) => fleet.state.connections.get(name)?.attempts.size)).toEqual([1, 1, 1]);
    expect(fleet.take("lease").some(({ duplicate }) => duplicate)).toBe(false);
  });
});
