import { describe, expect, test } from "vitest";
import type { LeasedTask } from "./effects.ts";
import { TestFleet } from "./scheduler.fixture.ts";

/** Works until nothing is leased any more: whoever gets the guilty row fails. */
function work(fleet: TestFleet, isGuilty: (row: number) => boolean, named = false): number {
  let failures = 0;
  for (let turn = 0; turn < 500; turn++) {
    const leased = Object.entries(fleet.leased()).flatMap(([name, tasks]) => tasks.map((task) => [name, task] as const));
    for (const [name, one] of leased) {
      const rows = Array.from({ length: one.task.rows }, (_, at) => one.task.first + at);
      const guilty = rows.find(isGuilty);
      if (guilty === undefined) {
        fleet.result(name, one, 10);
      } else {
        failures++;
        fleet.fail(name, one, "row", named ? guilty - one.task.first : undefined);
      }
      fleet.commitAll();
    }
    if (leased.length === 0) fleet.pass(5000, ...fleet.state.connections.keys());
    if (fleet.state.jobs.size === 0) break;
  }
  return failures;
}

const fleetOf = (...names: string[]): TestFleet => {
  const fleet = new TestFleet();
  fleet.submit("job");
  for (const name of names) fleet.join(name, { credit: 1 });
  return fleet;
};

describe("a row that no worker can do", () => {
  test.each([["a", "b", "c", "d"], ["a"]])("is found by halves and quarantined, on workers %s", (...names) => {
    const fleet = fleetOf(...names);
    fleet.offer("job", 1, { rows: 16 });
    const failures = work(fleet, (row) => row === 5);
    expect(fleet.take("rows-quarantined")).toMatchObject([{ task: { block: 0, first: 5, rows: 1 }, error: { code: "row" } }]);
    expect(fleet.take("job-done")).toMatchObject([{ quarantinedRows: 1 }]);
    // 16, 8, 4, 2, 1: three workers, or three tries, each.
    expect(failures).toBe(15);
  });

  test("is cut out at once where the workers say which it is", () => {
    const fleet = fleetOf("a", "b", "c");
    fleet.offer("job", 1, { rows: 16 });
    expect(work(fleet, (row) => row === 5, true)).toBe(6);
    expect(fleet.take("block-split")).toMatchObject([{ parts: [{ first: 0, rows: 5 }, { first: 5, rows: 1 }, { first: 6, rows: 10 }] }]);
  });

  test("leaves no mark on those that failed at it", () => {
    const fleet = fleetOf("a", "b", "c");
    fleet.offer("job", 1, { rows: 64 });
    work(fleet, (row) => row === 5 || row === 40);
    expect(fleet.take("job-done")).toMatchObject([{ quarantinedRows: 2 }]);
    expect(fleet.now).toBeLessThan(60_000);
  });
});

test("what a vanished worker had, what failed, and parts of what was split are leased to be computed by themselves", () => {
  const fleet = new TestFleet();
  fleet.submit("job");
  fleet.join("a");
  fleet.offer("job", 1, { ends: false });
  fleet.result("a", fleet.leased()["a"]?.[0] as LeasedTask);
  fleet.offer("job", 4, { from: 1, ends: false });
  const first = fleet.leased()["a"] ?? [];
  expect(first.length).toBeGreaterThan(1);
  expect(first.every(({ apart }) => apart === undefined)).toBe(true);
  fleet.tell({ kind: "connection-lost", connection: "a" });
  fleet.offer("job", 1, { from: 5, ends: false });
  fleet.join("b", { credit: 8 });
  const again: LeasedTask[] = [];
  for (let leased = fleet.leased()["b"]; leased !== undefined; leased = fleet.leased()["b"]) {
    again.push(...leased);
    for (const task of leased) fleet.result("b", task);
  }
  expect(again.map(({ task, apart }) => [task.block, apart === true])).toEqual([1, 2, 3, 4, 5].map((block) => [block, first.some(({ task }) => task.block === block)]));
});

describe("who failed", () => {
  const lease = (fleet: TestFleet, name: string): LeasedTask => {
    const leased = fleet.leased()[name]?.[0];
    if (leased === undefined) throw new Error(`${name} was leased nothing`);
    return leased;
  };

  test("at a block does not get it again while there are others", () => {
    const fleet = fleetOf("a");
    fleet.offer("job", 1);
    const task = lease(fleet, "a");
    fleet.join("b", { credit: 1 });
    fleet.fail("a", task);
    expect(Object.keys(fleet.leased())).toEqual(["b"]);
  });

  test("at three blocks of a job gets no more of it for a while", () => {
    const fleet = fleetOf("bad");
    fleet.offer("job", 30, { ends: false });
    fleet.join("good", { credit: 1 });
    for (let n = 0, one = lease(fleet, "bad"); n < 3; n++) {
      fleet.fail("bad", one, "device-lost");
      const next = fleet.leased()["bad"]?.[0];
      expect(next === undefined).toBe(n === 2);
      if (next !== undefined) one = next;
    }
    fleet.pass(29_000, "bad", "good");
    expect(fleet.leased()["bad"]).toBeUndefined();
    fleet.pass(5_000, "bad", "good");
    expect(fleet.leased()["bad"]).toHaveLength(1);
  });

  test("for want of memory hands the block to one that has more", () => {
    const fleet = fleetOf("small");
    fleet.offer("job", 1);
    const task = lease(fleet, "small");
    fleet.join("same", { credit: 1 });
    fleet.fail("small", task, "oom");
    // Where nobody has more, those who have as much are asked again, after a while.
    expect(fleet.leased()).toEqual({});
    fleet.pass(6000, "small", "same");
    expect(Object.keys(fleet.leased())).toHaveLength(1);
    const other = fleetOf("small");
    other.offer("job", 1);
    const again = lease(other, "small");
    other.join("same");
    other.join("large", { memoryBytes: 16e9 });
    other.fail("small", again, "oom");
    expect(Object.keys(other.leased())).toEqual(["large"]);
  });
});

test("a bug that three workers meet ends the job, and is not sought row by row", () => {
  const fleet = fleetOf("a", "b", "c");
  fleet.offer("job", 1, { rows: 1000 });
  for (let n = 0; n < 3; n++) for (const [name, [one]] of Object.entries(fleet.leased())) if (one !== undefined) fleet.fail(name, one, "bug");
  expect(fleet.take("job-failed")).toMatchObject([{ error: { code: "bug" } }]);
});

test("closed tabs do not condemn a block; but one that ends every process that tries it is found", () => {
  const fleet = new TestFleet();
  fleet.submit("job");
  fleet.offer("job", 1, { rows: 2 });
  let dials = 0;
  const vanish = (name: string): void => {
    fleet.join(name, { connection: `${name}#${++dials}` });
    fleet.tell({ kind: "connection-lost", connection: `${name}#${dials}` }, 100);
  };
  for (const name of ["a", "b", "c", "d", "e"]) vanish(name);
  expect(fleet.take("commit")).toEqual([]);
  vanish("f");
  expect(fleet.take("commit")).toMatchObject([{ entry: { kind: "split", at: [0, 1] } }]);
});

describe("answers that are no results", () => {
  const answer = (fleet: TestFleet, isBad: (worker: string) => boolean): void => {
    for (const [name, tasks] of Object.entries(fleet.leased())) {
      for (const leased of tasks) {
        if (isBad(name)) fleet.tell({ kind: "failed", connection: name, ...leased, failure: "worker-lost", error: { code: "bad-result", message: "no result" }, badResult: true }, 100);
        else fleet.result(name, leased, 10);
        fleet.commitAll();
      }
    }
  };

  test("condemn no block while there is somebody else, whatever number of names they come by", () => {
    const fleet = fleetOf("forger 1", "forger 2", "forger 3", "forger 4", "honest");
    fleet.offer("job", 6, { rows: 16 });
    for (let turn = 0; turn < 100 && fleet.state.jobs.size > 0; turn++) {
      answer(fleet, (name) => name.startsWith("forger"));
      fleet.pass(5000, ...fleet.state.connections.keys());
    }
    expect(fleet.take("job-done")).toMatchObject([{ quarantinedRows: 0 }]);
    expect([fleet.take("block-split"), fleet.take("rows-quarantined")]).toEqual([[], []]);
  });

  test("end the job all the same where nobody can do better", () => {
    const fleet = fleetOf("a", "b", "c");
    fleet.offer("job", 1, { rows: 1 });
    let answers = 0;
    for (let turn = 0; turn < 500 && fleet.state.jobs.size > 0; turn++) {
      answer(fleet, () => ++answers > 0);
      fleet.pass(5000, ...fleet.state.connections.keys());
    }
    expect(answers).toBe(9);
    expect(fleet.take("job-done")).toMatchObject([{ quarantinedRows: 1 }]);
  });
});
