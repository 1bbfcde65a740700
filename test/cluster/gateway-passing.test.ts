// Results of jobs that go with their driver's process, over an engine that goes with the gateway's: gone when the driver says that it has them.
import { memoryEngine, sha256Of, type Engine, type Gateway } from "@shoal/cluster";
import { createBlock, columnFromValues, type Block } from "@shoal/core";
import { encodeBlock } from "@shoal/core/arrow";
import { FakeClock } from "@shoal/testing";
import { expect, test } from "vitest";
import { closeLater, openGateway, passUntil, type OpenGateway } from "./open-gateway.ts";
import { blockBytes, numbers, ScriptedDriver } from "./scripted-driver.ts";
import { doubles, ScriptedWorker, twice } from "./scripted-worker.ts";
import { until } from "./until.ts";

/** Results lie under their SHA-256 then, where a test finds them. */
const said = { saysSha256: true };
const passing = { description: { passing: true }, ends: false };
const resultOf = (values: readonly number[]): Promise<string> => sha256Of(encodeBlock(createBlock({ twice: columnFromValues(values.map((n) => 2 * n)) })) as Uint8Array<ArrayBuffer>);

/** A gateway, and what is among its blobs of the results of some blocks. */
async function opened(change: Partial<Engine> = {}): Promise<OpenGateway & { readonly there: (blocks: readonly (readonly number[])[]) => Promise<boolean[]> }> {
  const clock = new FakeClock();
  const engine = { ...memoryEngine({ clock }), ...change };
  const gateway = await openGateway({ clock, engine });
  closeLater(gateway);
  return { ...gateway, there: (blocks) => Promise.all(blocks.map(async (values) => (await engine.blobs.size(await resultOf(values))) !== undefined)) };
}

/** The driver is on another connection, is asked for blocks, and has offered none. */
async function comesBack(driver: ScriptedDriver, gateway: Gateway): Promise<void> {
  const before = driver.heard.length;
  const { blocks } = driver;
  driver.blocks = [];
  driver.connect(gateway);
  await until(() => driver.heard.slice(before).some(({ message }) => message.kind === "ask"));
  driver.blocks = blocks;
}

/** The driver offers one more block, and with it says what it has. */
async function offers(driver: ScriptedDriver, values: readonly number[]): Promise<void> {
  driver.blocks = [...driver.blocks, values];
  driver.offer(1);
  await until(() => driver.done.size === driver.blocks.length);
}

test("what it was not told of stays; what it was told of goes, and nothing happens when it is told again, or of what it never gave", async () => {
  const { gateway, there } = await opened();
  const blocks = numbers(3);
  const driver = new ScriptedDriver({ blocks, ...passing }).connect(gateway);
  new ScriptedWorker("a", said).connect(gateway);
  await driver.finished();
  expect(await there(blocks)).toEqual([true, true, true]);
  driver.taken = [[0, 1], [2, 1]];
  await offers(driver, [100]);
  expect(await there(driver.blocks)).toEqual([false, true, false, true]);
  driver.taken = [[0, 1], [2, 1], [0, 1], [4, 1_000], [2 ** 40, 2 ** 50]];
  await offers(driver, [101]);
  expect(await there(driver.blocks)).toEqual([false, true, false, true, true]);
  driver.taken = [[0, 2 ** 53 - 1]];
  await offers(driver, [102]);
  expect(await there(driver.blocks)).toEqual([false, false, false, false, false, true]);
  expect(driver.values()).toEqual(driver.blocks.flat().map((n) => 2 * n));
});

test("results that are the same bytes go with the last of them, of another job too", async () => {
  const { gateway, there } = await opened();
  const same = [1, 2, 3];
  const driver = new ScriptedDriver({ blocks: [same, same], ...passing }).connect(gateway);
  const other = new ScriptedDriver({ job: "other", blocks: [same], ...passing, hello: { name: "another driver" } }).connect(gateway);
  new ScriptedWorker("a", said).connect(gateway);
  await Promise.all([driver.finished(), other.finished()]);
  driver.taken = [[1, 1]];
  await offers(driver, [4]);
  expect(await there([same])).toEqual([true]);
  driver.taken = [[0, 2]];
  await offers(driver, [5]);
  expect(await there([same])).toEqual([true]);
  other.taken = [[0, 1]];
  await offers(other, [6]);
  expect(await there([same])).toEqual([false]);
});

test("of a block that was split all parts go", async () => {
  const { gateway, there, clock } = await opened();
  const guilty = 2;
  const driver = new ScriptedDriver({ blocks: [[0, 1, guilty, 3]], ...passing }).connect(gateway);
  const worker = new ScriptedWorker("a", { ...said, script: (block) => (block.rows > 1 && values(block).includes(guilty) ? { fails: "bad-row" } : { block: twice(block) }) }).connect(gateway);
  await passUntil(clock, () => {
    worker.beat();
    return driver.done.size === 1;
  }, 1_000);
  const parts = driver.parts(0).map(({ values: doubled }) => doubled.map((n) => (n as number) / 2));
  expect(parts.length).toBeGreaterThan(1);
  expect(await there(parts)).toEqual(parts.map(() => true));
  driver.taken = [[0, 1]];
  driver.blocks = [...driver.blocks, [9]];
  driver.offer(1);
  await passUntil(clock, () => driver.done.size === 2);
  expect(await there(parts)).toEqual(parts.map(() => false));
});

test("a result that came second leaves nothing", async () => {
  const engine = memoryEngine();
  const { ledger } = engine;
  const commit = ledger.commit.bind(ledger);
  let open = (): void => {};
  const opening = new Promise<void>((resolve) => (open = resolve));
  ledger.commit = async (...args) => (await opening, commit(...args));
  const { gateway, there, clock } = await opened(engine);
  const driver = new ScriptedDriver({ blocks: [[1, 2]], description: { passing: true } }).connect(gateway);
  const silent = { ...said, script: (): "silent" => "silent" };
  const slow = new ScriptedWorker("slow", silent).connect(gateway);
  const leased = await slow.task();
  const fast = new ScriptedWorker("fast", silent).connect(gateway);
  // The first is not heard, and loses its lease.
  await passUntil(clock, () => {
    fast.beat();
    return fast.tasks.length > 0;
  }, 1_000);
  const answers = [[1, 2], [1, 2.25]] as const;
  const [first, second] = answers.map((each) => twice(createBlock({ n: columnFromValues(each) }))) as [Block, Block];
  await fast.result(await fast.task(), first);
  await slow.result(leased, second);
  await expect.poll(() => there(answers)).toEqual([true, true]);
  open();
  await until(() => driver.done.has(0));
  const given = driver.parts(0)[0]?.values.map((n) => (n as number) / 2);
  await expect.poll(() => there(answers)).toEqual(answers.map((each) => each[1] === given?.[1]));
});

test.each([["the engine keeps ledgers", { keepsLedgers: true }, { passing: true }], ["the job may be continued", {}, {}]] as const)("nothing goes where %s", async (_, change, description) => {
  const { gateway, engine } = await opened(change);
  const driver = new ScriptedDriver({ blocks: numbers(3), ends: false, description }).connect(gateway);
  new ScriptedWorker("a", said).connect(gateway);
  await driver.finished();
  driver.taken = [[0, 3]];
  await offers(driver, [100]);
  // It comes again, and has nothing.
  driver.disconnect();
  driver.heard.length = 0;
  driver.done.clear();
  driver.connect(gateway);
  await driver.finished();
  expect(driver.values()).toEqual(driver.blocks.flat().map((n) => 2 * n));
  expect(engine.keepsLedgers).toBe("keepsLedgers" in change);
});

test("a driver that comes again is given what it does not say that it has, and what was given on the last connection goes when it says so on this one", async () => {
  const { gateway, there } = await opened();
  const blocks = numbers(6);
  const driver = new ScriptedDriver({ blocks, ...passing }).connect(gateway);
  new ScriptedWorker("a", { ...said, script: doubles }).connect(gateway);
  await driver.finished();
  driver.disconnect();
  // What came of the last two it lost.
  for (const block of [4, 5]) driver.done.delete(block);
  const before = driver.heard.length;
  driver.blocks = [];
  driver.connect(gateway);
  await until(() => driver.heard.slice(before).some(({ message }) => message.kind === "ask"));
  driver.blocks = blocks;
  driver.offered = 4;
  driver.taken = [[0, 4]];
  driver.offer(2);
  await driver.finished();
  expect(await there(blocks)).toEqual([false, false, false, false, true, true]);
  expect(driver.parts(5).at(-1)?.values).toEqual(blocks[5]?.map((n) => 2 * n));
  driver.taken = [[4, 2]];
  await offers(driver, [100]);
  expect(await there(blocks)).toEqual(blocks.map(() => false));
});

test("results of which nobody took the SHA-256, and rows, are named by the gateway: each by itself, though the bytes are the same, and alike on every connection", async () => {
  const { gateway, engine } = await opened();
  const same = [1, 2, 3];
  const driver = new ScriptedDriver({ blocks: [same, same], ...passing }).connect(gateway);
  const worker = new ScriptedWorker("a").connect(gateway);
  await driver.finished();
  const names = (await Promise.all([0, 1].map((block) => engine.ledger.committed("job", `0-${block}-0-3`)))) as unknown as readonly { readonly sha256: string; readonly input: string }[];
  const there = (): Promise<boolean[]> => Promise.all(names.map(async ({ sha256 }) => (await engine.blobs.size(sha256)) !== undefined));
  expect(new Set([...names.flatMap(({ sha256, input }) => [sha256, input]), await resultOf(same), await sha256Of(encodeBlock(createBlock({ n: columnFromValues(same) })) as Uint8Array<ArrayBuffer>)]).size).toBe(6);
  expect(worker.all("lease").flatMap(({ tasks }) => tasks.map(({ input }) => input))).toEqual(names.map(({ input }) => input));
  driver.taken = [[0, 1]];
  await offers(driver, [4]);
  expect(await there()).toEqual([false, true]);
  // Of what it does not have on the next connection it is given what was done.
  driver.disconnect();
  driver.done.delete(1);
  await comesBack(driver, gateway);
  driver.offered = 1;
  driver.offer(1);
  await driver.finished();
  expect([driver.parts(1).at(-1)?.values, worker.computed]).toEqual([[2, 4, 6], 3]);
  driver.taken = [[1, 1]];
  await offers(driver, [5]);
  expect(await there()).toEqual([false, false]);
});

/** Block 0 was done, and is offered once more on another connection, with other rows. */
async function offersAgain(rows: number, payload: Uint8Array): Promise<{ readonly driver: ScriptedDriver; readonly worker: ScriptedWorker }> {
  const { gateway } = await opened();
  const driver = new ScriptedDriver({ blocks: [[1, 2, 3]], ...passing }).connect(gateway);
  const worker = new ScriptedWorker("a").connect(gateway);
  await driver.finished();
  driver.disconnect();
  driver.done.clear();
  await comesBack(driver, gateway);
  driver.say({ kind: "offer", job: "job", segment: 0, block: 0, rows }, payload);
  return { driver, worker };
}

test.each([["other rows than it had", 2, blockBytes([1, 2])], ["as many rows, of another size", 3, encodeBlock(createBlock({ longer: columnFromValues([1, 2, 3]), n: columnFromValues([1, 2, 3]) }))]] as const)(
  "a block that is offered again under its number with %s ends the job", async (_, rows, payload) => {
    const { driver } = await offersAgain(rows, payload);
    expect(await driver.failure()).toMatchObject({ code: "input-changed" });
  });

// The limit of naming rows by their place: nobody has looked at their bytes.
test("a block that is offered again with other rows of the very same number and size is taken for the one that was done", async () => {
  const payload = blockBytes([4, 5, 6]);
  expect(payload.byteLength).toBe(blockBytes([1, 2, 3]).byteLength);
  const { driver, worker } = await offersAgain(3, payload);
  await driver.finished();
  expect([driver.parts(0).at(-1)?.values, driver.all("job-failed"), worker.computed]).toEqual([[2, 4, 6], [], 1]);
});

function values(block: Block): readonly unknown[] {
  return Array.from(block.columns["n"]?.values as ArrayLike<number>);
}
