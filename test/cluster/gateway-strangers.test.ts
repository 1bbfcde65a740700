// What volunteers say of rows, and of which types their columns are: looked at against what others say.
import { columnFromValues, columnValues, createBlock, requireColumn, type Block } from "@shoal/core";
import { expect, test } from "vitest";
import { closeLater, openGateway, passUntil, type OpenGateway } from "./open-gateway.ts";
import { numbers, ScriptedDriver } from "./scripted-driver.ts";
import { doubles, ScriptedWorker, type Script } from "./scripted-worker.ts";

const tab = { traits: { host: "tab" } } as const;
const numbersOf = (block: Block): number[] => columnValues(requireColumn(block, "n")) as number[];

/** Says of number 5 that it can't be done. */
const without5: Script = (block) => {
  const all = numbersOf(block);
  const row = all.indexOf(5);
  return {
    block: createBlock({ twice: columnFromValues(all.filter((n) => n !== 5).map((n) => 2 * n)) }),
    failures: row < 0 ? [] : [{ row, attempts: 1, error: { code: "five", message: "5 can't be done." } }],
  };
};

async function finished({ clock }: OpenGateway, driver: ScriptedDriver, workers: readonly ScriptedWorker[]): Promise<void> {
  await passUntil(clock, () => {
    for (const worker of workers) worker.say({ kind: "beat", rows: 0, state: "waiting" });
    return driver.done.size === driver.blocks.length;
  });
}

async function openFor(blocks = numbers(2)): Promise<OpenGateway & { readonly driver: ScriptedDriver }> {
  const opened = await openGateway();
  closeLater(opened);
  return { ...opened, driver: new ScriptedDriver({ blocks, description: { volunteers: true } }).connect(opened.gateway) };
}

test("a failed row that a volunteer invents is refuted by a machine, and counted against it", async () => {
  const opened = await openFor();
  const { gateway, driver } = opened;
  const liar = new ScriptedWorker("liar", { ...tab, script: without5 }).connect(gateway);
  await passUntil(opened.clock, () => liar.tasks.length === 2);
  const good = new ScriptedWorker("good").connect(gateway);
  await finished(opened, driver, [liar, good]);
  expect(driver.values()).toEqual([0, 2, 4, 6, 8, 10, 12, 14]);
  expect(gateway.snapshot()).toMatchObject({ refused: { "refuted-failure": 1 }, jobs: [{ state: "done", failedRows: 0, failures: [] }] });
});

test("one that another volunteer meets too is a failed row, and nobody's fault", async () => {
  const opened = await openFor();
  const workers = ["a", "b"].map((name) => new ScriptedWorker(name, { ...tab, script: without5 }).connect(opened.gateway));
  await finished(opened, opened.driver, workers);
  expect(opened.driver.values()).toEqual([0, 2, 4, 6, 8, 12, 14]);
  expect(opened.driver.parts(1)).toMatchObject([{ message: { failures: [{ row: 1, error: { code: "five" } }] } }]);
  expect(opened.gateway.snapshot()).toMatchObject({ refused: {}, jobs: [{ state: "done", failedRows: 1 }] });
});

test("where a volunteer is alone it is asked once more, and then believed", async () => {
  const opened = await openFor();
  const alone = new ScriptedWorker("alone", { ...tab, script: without5 }).connect(opened.gateway);
  await finished(opened, opened.driver, [alone]);
  expect(opened.gateway.snapshot()).toMatchObject({ refused: {}, jobs: [{ state: "done", failedRows: 1 }] });
  expect(alone.tasks.filter(({ task }) => task.block === 1)).toHaveLength(2);
});

test("failed rows of a machine that was lent by a link of one's own count at once", async () => {
  const opened = await openFor();
  await finished(opened, opened.driver, [new ScriptedWorker("machine", { script: without5 }).connect(opened.gateway)]);
  expect(opened.gateway.snapshot()).toMatchObject({ refused: {}, jobs: [{ state: "done", failedRows: 1 }] });
});

test.each<[string, (all: number[]) => unknown[]]>([
  ["text where numbers are", (all) => all.map(String)],
  ["nothing at all", (all) => all.map(() => null)],
])("a volunteer's column of %s is refused once a machine has shown what it must be", async (_, values) => {
  const opened = await openFor(numbers(6));
  const { gateway, driver, clock } = opened;
  const good = new ScriptedWorker("good", { script: (block, leased) => (leased.task.block === 0 ? doubles(block, leased) : "silent") }).connect(gateway);
  await passUntil(clock, () => driver.done.size > 0);
  good.disconnect();
  const liar = new ScriptedWorker("liar", { ...tab, script: (block) => ({ block: createBlock({ twice: columnFromValues(values(numbersOf(block))) }) }) }).connect(gateway);
  await passUntil(clock, () => (gateway.snapshot().refused["bad-result"] ?? 0) > 0);
  expect(liar.all("settle")).toEqual([]);
  expect(driver.values().every((value) => typeof value === "number")).toBe(true);
});

const texts: Script = (block) => ({ block: createBlock({ twice: columnFromValues(numbersOf(block).map(String)) }) });
const nothing: Script = () => "silent";
const noticesOf = (driver: ScriptedDriver): string[] => driver.all("fleet").flatMap(({ notice }) => notice ?? []);

test("a stranger's first answer waits for what a machine that is trusted shows, and is refused where that is something else", async () => {
  const opened = await openFor(numbers(6));
  const { gateway, driver, clock } = opened;
  const good = new ScriptedWorker("good", { script: nothing }).connect(gateway);
  const first = await good.task();
  const liars = ["a", "b"].map((name) => new ScriptedWorker(name, { ...tab, script: texts, pace: { clock, ms: 500 } }).connect(gateway));
  await passUntil(clock, () => liars.every(({ tasks }) => tasks.length > 0));
  await clock.advance(5_000);
  expect([...driver.done]).toEqual([]);
  good.script = doubles;
  await good.result(first, doublesOf(numbers(6)[first.task.block] ?? []));
  await passUntil(clock, () => liars.every((liar) => liar.all("refuse").length > 0));
  for (const liar of liars) liar.disconnect();
  await finished(opened, driver, [good]);
  expect(driver.values()).toEqual(Array.from({ length: 24 }, (_, n) => 2 * n));
  expect(liars.flatMap((liar) => liar.all("settle"))).toEqual([]);
  expect(gateway.snapshot()).toMatchObject({ jobs: [{ state: "done" }], refused: { "bad-result": expect.any(Number) as number } });
  expect(noticesOf(driver).some((notice) => /refused.*: Column "twice" is of type utf8, and in other results of type float64\./.test(notice))).toBe(true);
});

const doublesOf = (values: readonly number[]): Block => createBlock({ twice: columnFromValues(values.map((n) => 2 * n)) });

test("it waits no longer than half a minute for one that is still loading, and not at all where none is", async () => {
  const opened = await openFor(numbers(4));
  const { gateway, driver, clock } = opened;
  const slow = new ScriptedWorker("slow", { script: nothing }).connect(gateway);
  const { attempt } = await slow.task();
  const stranger = new ScriptedWorker("stranger", tab).connect(gateway);
  const since = clock.now();
  let doneBytes = 0;
  await passUntil(clock, () => {
    slow.say({ kind: "beat", rows: 0, state: "loading", running: attempt, loading: { doneBytes: (doneBytes += 1_000_000), bytes: 1e12 } });
    stranger.say({ kind: "beat", rows: 0, state: "waiting" });
    return driver.done.size > 0;
  });
  expect(clock.now() - since).toBeGreaterThanOrEqual(30_000);
  const alone = await openFor(numbers(2));
  const before = alone.clock.now();
  await finished(alone, alone.driver, [new ScriptedWorker("alone", tab).connect(alone.gateway)]);
  expect(alone.clock.now() - before).toBeLessThan(30_000);
});

test("it does not wait for a machine that has nothing of the job, and gets nothing more of it", async () => {
  const opened = await openFor(numbers(1));
  const { gateway, driver, clock } = opened;
  const stranger = new ScriptedWorker("stranger", { ...tab, script: nothing }).connect(gateway);
  const only = await passUntil(clock, () => stranger.tasks[0]);
  const idle = new ScriptedWorker("idle", { script: nothing }).connect(gateway);
  await passUntil(clock, () => gateway.snapshot().workers.length === 2);
  const since = clock.now();
  await stranger.result(only, doublesOf(numbers(1)[0] ?? []));
  await passUntil(clock, () => driver.done.size > 0);
  expect(idle.tasks).toEqual([]);
  // Of the idle machine's silence it is told later than this.
  expect(clock.now() - since).toBeLessThan(3_000);
});

test("answers of strangers who left with nothing count for nothing: an honest machine's are taken", async () => {
  const opened = await openFor(numbers(4));
  const { gateway, driver, clock } = opened;
  const silent = new ScriptedWorker("silent", { script: nothing }).connect(gateway);
  await silent.task();
  const liars = ["a", "b"].map((name) => new ScriptedWorker(name, { ...tab, script: texts, pace: { clock, ms: 500 } }).connect(gateway));
  await passUntil(clock, () => liars.every(({ held }) => held.size > 0));
  for (const worker of [...liars, silent]) worker.disconnect();
  await finished(opened, driver, [new ScriptedWorker("honest").connect(gateway)]);
  expect(driver.values()).toEqual(Array.from({ length: 16 }, (_, n) => 2 * n));
});

test("a machine that says otherwise than one that is here is refused, and the job goes on", async () => {
  const opened = await openFor(numbers(8));
  const { gateway, driver, clock } = opened;
  const good = new ScriptedWorker("good", { pace: { clock, ms: 1_000 } }).connect(gateway);
  await passUntil(clock, () => driver.done.size > 0);
  const odd = new ScriptedWorker("odd", { script: texts }).connect(gateway);
  await finished(opened, driver, [good, odd]);
  expect(driver.values()).toEqual(Array.from({ length: 32 }, (_, n) => 2 * n));
  expect(odd.all("settle")).toEqual([]);
});

test("where the machine that said otherwise is gone, and has something in the ledger, the job ends and names both", async () => {
  const opened = await openFor(numbers(6));
  const { gateway, driver, clock } = opened;
  const wrong = new ScriptedWorker("wrong", { script: (block, leased) => (leased.task.block === 0 ? texts(block, leased) : "silent") }).connect(gateway);
  await passUntil(clock, () => driver.done.size > 0);
  wrong.disconnect();
  const honest = new ScriptedWorker("honest").connect(gateway);
  const error = await passUntil(clock, () => driver.all("job-failed").at(-1)?.error);
  expect(error).toMatchObject({ code: "types-differ", details: { column: "twice", types: ["float64", "utf8"], workers: ["honest", "wrong"] } });
  expect(error.message).toContain('Column "twice" of double(doubler) is of type float64 as honest computes it, and of type utf8 in results of wrong');
  expect(honest.all("settle")).toEqual([]);
});

test("so it does where strangers were alone with it, and have spoilt it", async () => {
  const opened = await openFor(numbers(6));
  const { gateway, driver, clock } = opened;
  const liar = new ScriptedWorker("liar", { ...tab, script: (block, leased) => (leased.task.block === 0 ? texts(block, leased) : "silent") }).connect(gateway);
  await passUntil(clock, () => driver.done.size > 0);
  new ScriptedWorker("honest").connect(gateway);
  expect(await passUntil(clock, () => driver.all("job-failed").at(-1)?.error)).toMatchObject({ code: "types-differ", details: { workers: ["honest", "liar"] } });
  liar.disconnect();
});
