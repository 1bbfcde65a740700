import { expect, test } from "vitest";
import { TestFleet } from "../../scheduler/scheduler.fixture.ts";
import type { Segment } from "../../scheduler/state.ts";
import { blockMap, countBlocks } from "./block-map.ts";

function segmentOf(fleet: TestFleet): Segment {
  const segment = fleet.state.jobs.get("job")?.segments[0];
  if (segment === undefined) throw new Error("no segment");
  return segment;
}

test("the map of blocks is runs of equal states, whatever order they are done in", () => {
  const fleet = new TestFleet();
  fleet.submit("job");
  fleet.join("a");
  fleet.offer("job", 10, { ends: false });
  const [first] = fleet.leased()["a"] ?? [];
  if (first === undefined) throw new Error("nothing was leased");
  expect(blockMap(segmentOf(fleet), { quarantined: new Set() })).toEqual([["l", 1], ["r", 9]]);
  fleet.tell({ kind: "commit-lost", task: { ...first.task, block: 4 }, winner: { kind: "result", attempt: first.attempt, worker: "b" } });
  fleet.tell({ kind: "commit-lost", task: { ...first.task, block: 5 }, winner: { kind: "quarantine", error: { code: "bad", message: "bad" } } });
  fleet.tell({ kind: "commit-lost", task: { ...first.task, block: 6 }, winner: { kind: "split", at: [0, 5] } });
  fleet.tell({ kind: "result", connection: "a", ...first });
  expect(blockMap(segmentOf(fleet), { quarantined: new Set([5]) }).slice(0, 2)).toEqual([["c", 1], ["l", 3]]);
  fleet.commitAll();
  const map = blockMap(segmentOf(fleet), { quarantined: new Set([5]) });
  expect(map.slice(0, 5)).toEqual([["d", 1], ["l", 3], ["d", 1], ["q", 1], ["s", 1]]);
  expect(map.reduce((sum, [, blocks]) => sum + blocks, 0)).toBe(10);
  expect(countBlocks(segmentOf(fleet))).toMatchObject({ done: 3 });
});

test("a quarantined block below all that is done is still shown", () => {
  const fleet = new TestFleet();
  fleet.submit("job");
  for (const block of [0, 1, 2]) fleet.tell({ kind: "ledger-replayed", task: { job: "job", segment: 0, block, first: 0, rows: 4 }, entry: { kind: "quarantine", error: { code: "bad", message: "bad" } } });
  expect(blockMap(segmentOf(fleet), { quarantined: new Set([1]) })).toEqual([["d", 1], ["q", 1], ["d", 1]]);
});

test("a block of a number beyond all others costs no more than its neighbours", () => {
  const fleet = new TestFleet();
  fleet.submit("job");
  fleet.tell({ kind: "block-offered", job: "job", segment: 0, block: 2 ** 40, rows: 4, bytes: 16 });
  expect(blockMap(segmentOf(fleet), { quarantined: new Set() })).toEqual([["r", 2 ** 40 + 1]]);
});
