// Rows 4, 19 and 20 of the fault table: poison rows, forged results, and bytes that are none.
import { columnFromValues, createBlock, columnValues, requireColumn, ShoalError, type Block } from "@shoal/core";
import { decodeBlock } from "@shoal/core/arrow";
import { expect, test } from "vitest";
import { closeLater, openGateway, passUntil } from "./open-gateway.ts";
import { blockBytes, numbers, ScriptedDriver } from "./scripted-driver.ts";
import { doubles, ScriptedWorker, twice, type Script } from "./scripted-worker.ts";
import { until } from "./until.ts";

const numbersOf = (block: Block): unknown[] => columnValues(requireColumn(block, "n"));

test("a poison row is found by three workers, stands alone, and is handed back as given up; its neighbours as results", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway, clock } = opened;
  const poison: Script = (block, leased) => (numbersOf(block).includes(5) ? { fails: "poison" } : doubles(block, leased));
  const driver = new ScriptedDriver({ blocks: numbers(3, 4) }).connect(gateway);
  const workers = ["a", "b", "c"].map((name) => new ScriptedWorker(name, { script: poison }).connect(gateway));
  await passUntil(clock, () => {
    for (const worker of workers) worker.say({ kind: "beat", rows: 0, state: "waiting" });
    return driver.done.size === 3;
  });
  const parts = driver.parts(1);
  expect(parts.map(({ message: { first, rows } }) => [first, rows])).toEqual([[0, 1], [1, 1], [2, 2]]);
  expect(parts.map(({ values }) => values)).toEqual([[8], [], [12, 14]]);
  expect(parts[1]?.message).toMatchObject({ error: { code: "poison" }, failures: [] });
  expect(gateway.snapshot().jobs[0]).toMatchObject({ state: "done", failedRows: 1, rowsDone: 12, failures: [{ block: 1, row: 1, error: { code: "poison" } }] });
});

test("results that the worker was never leased are refused and counted, and shut it out", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway, clock } = opened;
  const driver = new ScriptedDriver({ blocks: numbers(1) }).connect(gateway);
  const owner = new ScriptedWorker("owner", { script: () => "silent" }).connect(gateway);
  const leased = await owner.task();
  const forger = new ScriptedWorker("forger", { script: () => "silent" }).connect(gateway);
  await forger.welcome();
  const rows = twice(decodeBlock(blockBytes(numbers(1)[0] ?? [])));
  await forger.result(leased, rows);
  await forger.result({ ...leased, attempt: { ...leased.attempt, number: 999 } }, rows);
  await forger.result({ ...leased, attempt: { epoch: leased.attempt.epoch + 1, number: 1 } }, rows);
  await forger.result({ ...leased, attempt: { epoch: leased.attempt.epoch - 1, number: 1 } }, rows);
  await until(() => forger.all("refuse").length === 4);
  expect(driver.done.size).toBe(0);
  expect(gateway.snapshot().refused).toEqual({ "forged-result": 4 });

  await owner.result(leased, rows);
  await driver.finished();
  expect(driver.values()).toEqual([0, 2, 4, 6]);
  // Its own once more, and another's.
  await owner.result(leased, rows);
  await until(() => owner.held.size === 0);
  const { jobs: [job] } = gateway.snapshot();
  expect(job).toMatchObject({ state: "done", rowsDone: 4 });

  const second = new ScriptedDriver({ job: "second", blocks: numbers(1) }).connect(gateway);
  await forger.result({ ...leased, task: { ...leased.task, job: "second" } }, rows);
  await until(() => forger.isClosed);
  expect(forger.bye).toMatchObject({ again: true, error: { code: "shut-out" } });
  forger.connect(gateway);
  await until(() => forger.isClosed);
  expect(gateway.snapshot()).toMatchObject({ refused: { "shut-out": 1 } });
  expect(gateway.snapshot().workers.find(({ worker }) => worker === "forger")).toMatchObject({ state: "gone", notice: expect.stringContaining("shut out") });
  await clock.advance(301_000);
  forger.connect(gateway);
  await until(() => forger.all("welcome").length === 2);
  expect(second.done.size).toBe(0);
});

test.each<[string, (block: Block, worker: ScriptedWorker, leased: Parameters<Script>[1]) => Promise<void>]>([
  ["too few rows", (block, worker, leased) => worker.result(leased, createBlock({ twice: columnFromValues(numbersOf(block).slice(1)) }))],
  ["rows that are not those it names", (block, worker, leased) => worker.result(leased, createBlock({ twice: columnFromValues(numbersOf(block).slice(1)) }), { rows: 4 })],
  ["rows that are said to be others than were leased", (block, worker, leased) => worker.result(leased, twice(block), { input: "f".repeat(64) })],
  ["another column", (block, worker, leased) => worker.result(leased, createBlock({ other: columnFromValues(numbersOf(block)) }))],
  ["nothing but NaN", (_, worker, leased) => worker.result(leased, createBlock({ twice: columnFromValues([Number.NaN, Number.NaN, Number.NaN, Number.NaN]) }))],
  ["no value at all", (_, worker, leased) => worker.result(leased, createBlock({ twice: columnFromValues([null, null, null, null]) }))],
  ["bytes of another SHA-256", (block, worker, leased) => worker.result(leased, twice(block), { sha256: "0".repeat(64) })],
  ["a failure of a row that is not there", (block, worker, leased) => worker.result(leased, createBlock({ twice: columnFromValues(numbersOf(block).slice(1)) }), { failures: [{ row: 4, attempts: 1, error: { code: "bad", message: "bad" } }] })],
  ["no Arrow", async (_, worker, leased) => {
    const bytes = new Uint8Array([1, 2, 3]);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    worker.say({ kind: "result", ...leased, rows: 4, sha256: Buffer.from(digest).toString("hex"), failures: [], stats: { device: "cpu", preprocessMs: 0, predictMs: 0, postprocessMs: 0, batches: [], counts: {} } }, bytes);
  }],
])("a result with %s costs its attempt and a strike, and another worker does the block", async (_, send) => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway } = opened;
  const driver = new ScriptedDriver({ blocks: numbers(1) }).connect(gateway);
  const bad = new ScriptedWorker("bad", { script: () => "silent" }).connect(gateway);
  const leased = await bad.task();
  new ScriptedWorker("good").connect(gateway);
  await send(decodeBlock(blockBytes(numbers(1)[0] ?? [])), bad, leased);
  await until(() => bad.all("refuse").length === 1);
  await driver.finished();
  expect(driver.parts(0)).toMatchObject([{ message: { worker: "good" } }]);
  expect(gateway.snapshot()).toMatchObject({ refused: { "bad-result": 1 }, jobs: [{ state: "done", failedRows: 0 }] });
});

test("a result that could not be read in time is no strike, unless another was late just before; who is shut out is told why", async () => {
  const late = (): Promise<never> => Promise.reject(new ShoalError("bad-result", "It could not be read in time.", { details: { late: true } }));
  const opened = await openGateway({ checkResult: late, settings: { strikes: 1 } });
  closeLater(opened);
  const { gateway } = opened;
  new ScriptedDriver({ blocks: numbers(2) }).connect(gateway);
  const busy = new ScriptedWorker("busy", { script: () => "silent" }).connect(gateway);
  const leased = await busy.task();
  const rows = twice(decodeBlock(blockBytes(numbers(1)[0] ?? [])));
  await busy.result(leased, rows);
  await until(() => busy.all("refuse").length === 1);
  expect(busy.isClosed).toBe(false);
  expect(gateway.snapshot()).toMatchObject({ refused: { "bad-result": 1 }, workers: [{ worker: "busy", failures: 1, lastFailure: "It could not be read in time." }] });
  await busy.result(await busy.task(1), rows);
  await until(() => busy.isClosed);
  expect(busy.bye).toMatchObject({ again: true, error: { code: "shut-out", message: "Too many results of busy were refused. The last: It could not be read in time." } });
});

test("a block whose results are bad at every worker is given up in the end, row by row", async () => {
  const opened = await openGateway({ settings: { strikes: 1_000 } });
  closeLater(opened);
  const { gateway, clock } = opened;
  const script: Script = (block) => ({ block: createBlock({ twice: columnFromValues(numbersOf(block).map((n) => (n === 2 ? Number.NaN : 2 * (n as number)))) }) });
  const driver = new ScriptedDriver({ blocks: [[2], [3]] }).connect(gateway);
  const workers = ["a", "b", "c"].map((name) => new ScriptedWorker(name, { script }).connect(gateway));
  await passUntil(clock, () => {
    for (const worker of workers) worker.say({ kind: "beat", rows: 0, state: "waiting" });
    return driver.done.size === 2;
  });
  expect(driver.parts(0)).toMatchObject([{ message: { error: { code: "bad-result" } } }]);
});

test("a check that takes for ever costs that attempt, and the gateway lives", async () => {
  let hangs = true;
  const opened = await openGateway({ checkResult: (bytes, { sha256 }, _signal, begun) => {
    begun();
    return hangs ? new Promise(() => {}) : Promise.resolve({ bytes, sha256 });
  } });
  closeLater(opened);
  const { gateway, clock } = opened;
  const driver = new ScriptedDriver({ blocks: numbers(1) }).connect(gateway);
  const bad = new ScriptedWorker("bad").connect(gateway);
  await until(() => bad.held.size === 1);
  await passUntil(clock, () => {
    bad.say({ kind: "beat", rows: 0, state: "waiting" });
    return bad.all("refuse").length === 1;
  }, 1_000);
  hangs = false;
  new ScriptedWorker("good").connect(gateway);
  await passUntil(clock, () => driver.done.size === 1);
  expect(driver.values()).toEqual([0, 2, 4, 6]);
});

test("a result that waits long for its turn is not bad", async () => {
  let turn = (): void => {};
  const opened = await openGateway({ checkResult: async (bytes, { sha256 }, _signal, begun) => {
    await new Promise<void>((resolve) => (turn = resolve));
    begun();
    return { bytes, sha256 };
  } });
  closeLater(opened);
  const { gateway, clock } = opened;
  const driver = new ScriptedDriver({ blocks: numbers(1) }).connect(gateway);
  const worker = new ScriptedWorker("a").connect(gateway);
  await until(() => worker.held.size === 1);
  for (let second = 0; second < 40; second++) {
    worker.say({ kind: "beat", rows: 0, state: "waiting" });
    await clock.advance(1_000);
  }
  expect(worker.all("refuse")).toEqual([]);
  turn();
  await passUntil(clock, () => driver.done.size === 1);
  expect([driver.values(), gateway.snapshot().refused]).toEqual([[0, 2, 4, 6], {}]);
});

test("a check may move the bytes to where it reads them, as often as it likes", async () => {
  const moved: number[] = [];
  // Room for those of two leases: what is not counted out again would be there for ever.
  const opened = await openGateway({ settings: { resultBytes: 8_000 }, scheduler: { maxTasksPerLease: 1 }, checkResult: async (bytes, { sha256 }) => {
    const elsewhere = structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] });
    moved.push(bytes.byteLength);
    return { bytes: elsewhere, sha256 };
  } });
  closeLater(opened);
  const { gateway, clock } = opened;
  const blocks = numbers(40);
  const driver = new ScriptedDriver({ blocks }).connect(gateway);
  new ScriptedWorker("a").connect(gateway);
  await passUntil(clock, () => driver.done.size === blocks.length);
  expect(driver.values()).toEqual(blocks.flat().map((n) => 2 * n));
  expect(moved).toEqual(Array(blocks.length).fill(0));
});
