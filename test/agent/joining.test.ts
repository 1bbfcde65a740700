import { ShoalError, type ActorHost, type Block, type BlockResult } from "@shoal/core";
import { expect, test } from "vitest";
import { idsOf } from "../properties/plans.ts";
import { fleetOfOne, ids, segmentOf, valuesOf, type FleetOfOne } from "./fleet-of-one.ts";
import { attemptOf, until, type ScriptedConnection } from "./scripted-gateway.ts";

/** Rows of unlike costs are packed by them. */
const costed = { spec: { ...segmentOf().description.plan.spec, costUnit: "points" }, policy: { maxBatchCost: "auto" } } as never;
const cost = (block: Block): number[] => idsOf(block).map((id) => 1 + (id % 5));
const rows = 10;
const blockOf = (id: number): number => Math.floor(id / rows);
const task = (block: number) => ({ task: { job: "job", segment: 0, block, first: 0, rows }, attempt: attemptOf(block) });

/** A worker that knows how fast it is: it has done block 1. Each block's attempt has its number. */
async function begun(fleet: FleetOfOne, segment = segmentOf(costed)): Promise<ScriptedConnection> {
  const { connection } = await fleet.gateway.connected(1, segment);
  lend(connection, 1, 1);
  await connection.next("result", fleet.clock);
  return connection;
}

function lend(connection: ScriptedConnection, from: number, to: number, apart: readonly number[] = []): void {
  const blocks = Array.from({ length: to - from + 1 }, (_, at) => from + at);
  connection.lease(...blocks.map((block) => ({ block, rows: ids(block * rows, rows), attempt: block, ...(apart.includes(block) && { apart: true as const }) })));
}

/** The actor takes three blocks at once; those that are lent beside them wait, and are seen together. */
async function lendMany(connection: ScriptedConnection, { clock }: FleetOfOne, apart: readonly number[] = []): Promise<void> {
  lend(connection, 2, 9, apart);
  await until(() => connection.all("beat").some(({ running }) => running?.number === 2), clock);
}

const answered = (connection: ScriptedConnection): number[] => connection.all("result").map(({ attempt }) => attempt.number);
const mixed = (batches: readonly (readonly number[])[]): number[][] => batches.map((batch) => [...new Set(batch.map(blockOf))].sort((a, b) => a - b)).filter(({ length }) => length > 1);

test("batches are packed of several blocks that wait, and each has a result of its own", async () => {
  const fleet = fleetOfOne({}, { batchMs: () => 100, bad: (id) => id === 63 || id === 88 }, { cost });
  const connection = await begun(fleet);
  await lendMany(connection, fleet);
  await until(() => answered(connection).length === 9, fleet.clock);
  expect(answered(connection)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(mixed(fleet.seen.map((batch) => batch.ids)).flat()).toEqual(expect.arrayContaining([5, 6, 7, 8, 9]));
  const results = connection.heard.filter(({ message }) => message.kind === "result");
  for (const { message, payload } of results) {
    if (message.kind !== "result") continue;
    const { number } = message.attempt;
    expect(message.task).toEqual(task(number).task);
    const bad = [63, 88].filter((id) => blockOf(id) === number);
    expect(message.failures.map(({ row }) => row + number * rows)).toEqual(bad);
    expect(valuesOf(payload)).toEqual(Array.from({ length: rows }, (_, row) => number * rows + row).filter((id) => !bad.includes(id)).map((id) => 2 * id));
  }
  expect(connection.all("failed")).toEqual([]);
});

test("what is to be by itself is, and what follows it is joined without it", async () => {
  const fleet = fleetOfOne({}, { batchMs: () => 100 }, { cost });
  const connection = await begun(fleet);
  await lendMany(connection, fleet, [6]);
  await until(() => answered(connection).length === 9, fleet.clock);
  const together = mixed(fleet.seen.map((batch) => batch.ids));
  expect(together.flat()).not.toContain(6);
  expect(together.flat()).toEqual(expect.arrayContaining([7, 8, 9]));
});

test.each([
  ["a worker to which a block is work for long", 200, costed],
  ["a predictor whose rows are not sorted", 10, {}],
  ["a batch size that was asked for", 10, { ...(costed as object), policy: { batchSize: 4, maxBatchCost: 50 } } as never],
])("%s joins nothing", async (_, rowMs, change) => {
  const fleet = fleetOfOne({}, { batchMs: (batch) => batch * rowMs }, { cost });
  const connection = await begun(fleet, segmentOf(change));
  await lendMany(connection, fleet);
  await until(() => answered(connection).length === 9, fleet.clock);
  expect(mixed(fleet.seen.map((batch) => batch.ids))).toEqual([]);
});

test("one of several that is revoked is dropped, and the others go on", async () => {
  const fleet = fleetOfOne({}, { batchMs: () => 100 }, { cost });
  const connection = await begun(fleet);
  await lendMany(connection, fleet);
  await until(() => connection.all("beat").some(({ running }) => running?.number === 5), fleet.clock);
  connection.send({ kind: "revoke", why: "committed", tasks: [task(7)] });
  await until(() => answered(connection).includes(9), fleet.clock);
  expect(answered(connection)).toEqual([1, 2, 3, 4, 5, 6, 8, 9]);
});

test("beats tell the rows of all of them, and what a pause lets finish are all", async () => {
  const fleet = fleetOfOne({}, { batchMs: () => 100 }, { cost });
  const connection = await begun(fleet);
  await lendMany(connection, fleet);
  await until(() => connection.all("beat").some(({ running }) => running?.number === 5), fleet.clock);
  fleet.agent.pause();
  expect((await connection.next("ready")).message).toMatchObject({ credit: 0, finishing: [5, 6, 7, 8, 9] });
  await until(() => answered(connection).length === 9, fleet.clock);
  const told = connection.all("beat").filter(({ running }) => running?.number === 5).map((beat) => beat.rows);
  expect(told).toEqual(told.toSorted((a, b) => a - b));
  expect(Math.max(...told)).toBeGreaterThan(rows);
});

test("whose actors end while their worker drains are given back, with nobody to blame", async () => {
  const fleet = fleetOfOne({}, { batchMs: () => 100, hangs: (id) => id === 75 }, { cost });
  const connection = await begun(fleet);
  await lendMany(connection, fleet);
  await until(() => connection.all("beat").some(({ running }) => running?.number === 5), fleet.clock);
  const ended = fleet.agent.drain("test");
  expect((await connection.next("draining")).message.finishing).toEqual([5, 6, 7, 8, 9]);
  connection.send({ kind: "revoke", why: "stalled", tasks: [task(5)] });
  await until(() => connection.all("failed").length === 4);
  expect(connection.all("failed").map(({ attempt, failure }) => [attempt.number, failure])).toEqual([6, 7, 8, 9].map((number) => [number, "aborted"]));
  for (const result of connection.all("result")) connection.settle(result);
  await ended;
});

test("a mistake in one of several is told of that one: they are tried again one by one", async () => {
  const given: number[][] = [];
  const mistaken: ActorHost = {
    name: "mistaken",
    async spawn(request, signal) {
      const actor = await fleet.host.spawn(request, signal);
      const process = async (block: Block, abort: AbortSignal): Promise<BlockResult> => {
        given.push([...new Set(idsOf(block).map(blockOf))]);
        const result = await actor.process(block, abort);
        if (idsOf(block).includes(75)) throw new ShoalError("missing-column", "There is no such column.", { failure: "bug" });
        return result;
      };
      return { id: actor.id, closed: actor.closed, loadMs: actor.loadMs, device: actor.device, get progress() { return actor.progress; }, process, kill: (reason) => actor.kill(reason), [Symbol.asyncDispose]: () => actor[Symbol.asyncDispose]() };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const fleet: FleetOfOne = fleetOfOne({ host: mistaken }, { batchMs: () => 100 }, { cost });
  const connection = await begun(fleet);
  await lendMany(connection, fleet);
  const { message } = await connection.next("failed", fleet.clock);
  expect(message).toMatchObject({ attempt: attemptOf(7), failure: "bug", error: { code: "missing-column" } });
  expect(answered(connection)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(given.slice(0, 7)).toEqual([[1], [2], [3], [4], [5, 6, 7, 8, 9], [5], [6]]);
});

test("several that stand still are begun anew by themselves", async () => {
  let hangs = true;
  const fleet = fleetOfOne({}, { batchMs: () => 100, hangs: (id) => hangs && id === 75 }, { cost });
  const connection = await begun(fleet);
  await lendMany(connection, fleet);
  await until(() => connection.all("beat").some(({ running }) => running?.number === 5), fleet.clock);
  await until(() => fleet.host.actors[0]?.progress.phase === "predict", fleet.clock);
  const before = fleet.seen.length;
  hangs = false;
  connection.send({ kind: "revoke", why: "stalled", tasks: [task(5)] });
  await until(() => answered(connection).includes(9), fleet.clock);
  expect(answered(connection)).toEqual([1, 2, 3, 4, 6, 7, 8, 9]);
  expect(mixed(fleet.seen.slice(before).map((batch) => batch.ids))).toEqual([]);
});

test("a row that ends actors is found among several blocks, and is a failure of its row", async () => {
  const fleet = fleetOfOne({}, { batchMs: () => 10, deadly: (id) => id === 75 }, { cost });
  const connection = await begun(fleet);
  await lendMany(connection, fleet);
  await until(() => answered(connection).length === 9, fleet.clock);
  expect(connection.all("result").flatMap(({ attempt, failures }) => failures.map(({ row }) => [attempt.number, row]))).toEqual([[7, 5]]);
});
