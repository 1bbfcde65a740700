// Several gateways over one engine: blocks lent through the queue, and what becomes of them when gateways and drivers are killed.
import type { LedgerEntry } from "@shoal/cluster";
import { expect, test } from "vitest";
import { passUntil } from "./open-gateway.ts";
import { numbers, ScriptedDriver } from "./scripted-driver.ts";
import { ScriptedWorker } from "./scripted-worker.ts";
import { severalGateways, type OneOfSeveral, type SeveralGateways } from "./several-gateways.ts";
import { until } from "./until.ts";

const twiceAll = (blocks: readonly (readonly number[])[]): number[] => blocks.flat().map((n) => 2 * n);
const beat = (workers: readonly ScriptedWorker[]): void => {
  for (const worker of workers) if (!worker.isClosed) worker.beat();
};

async function entriesOf({ engine }: SeveralGateways, job = "job"): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  for await (const entry of engine.ledger.replay(job)) entries.push(entry);
  return entries;
}

/** How many blocks each worker's results stand for in the ledger. */
async function sharesOf(several: SeveralGateways): Promise<Map<string, number>> {
  const shares = new Map<string, number>();
  for (const entry of await entriesOf(several)) {
    if (entry.kind !== "commit") continue;
    const worker = String(entry.record["worker"]);
    shares.set(worker, (shares.get(worker) ?? 0) + 1);
  }
  return shares;
}

test.each([["a job's blocks", {}], ["blocks of a job that goes with its driver", { passing: true }]])("%s are spread over the workers of three gateways, and come out as from one machine", { timeout: 60_000 }, async (_, description) => {
  const several = await severalGateways(3);
  const { clock } = several;
  const blocks = numbers(600);
  const workers = several.gateways.flatMap((gateway, index) => ["a", "b"].map((name) => several.connect(new ScriptedWorker(`${name}${index}`, { pace: { clock, ms: 100 } }), gateway)));
  const driver = several.connect(new ScriptedDriver({ blocks, description }), several.at(0));
  await passUntil(clock, () => {
    beat(workers);
    return driver.done.size === blocks.length;
  }, 50, 55_000);
  expect(driver.values()).toEqual(twiceAll(blocks));
  const shares = await sharesOf(several);
  // At the end idle workers run what others have begun.
  expect(workers.reduce((sum, { computed }) => sum + computed, 0)).toBeLessThan(blocks.length * 1.05);
  expect([...shares.values()].reduce((sum, each) => sum + each, 0)).toBe(blocks.length);
  for (const worker of workers) expect(shares.get(worker.name) ?? 0).toBeGreaterThan(blocks.length / 30);
});

/** Workers of all gateways, two each, that take a tenth of a second for a block. */
function fleetOf(several: SeveralGateways, each = 2, options: ConstructorParameters<typeof ScriptedWorker>[1] = {}): ScriptedWorker[] {
  return several.gateways.flatMap((gateway, index) => Array.from({ length: each }, (_, at) => several.connect(new ScriptedWorker(`worker ${index}.${at}`, { pace: { clock: several.clock, ms: 100 }, presents: true, ...options }), gateway)));
}

/** As agents do: who lost its gateway goes to the next one, with what it holds. */
function redial(several: SeveralGateways, clients: readonly (ScriptedWorker | ScriptedDriver)[]): void {
  const alive = several.gateways.filter(({ isAlive }) => isAlive);
  for (const [index, client] of clients.entries()) {
    if (!client.isClosed) continue;
    const others = alive.filter(({ gateway }) => alive.length === 1 || gateway !== several.homeOf(client));
    const key = client.heard.flatMap((heard) => ("message" in heard ? [] : heard.kind === "welcome" ? [heard.key] : [])).at(-1);
    several.connect(client, others[index % others.length] as OneOfSeveral, key === undefined ? {} : { key });
  }
}

async function runThrough(several: SeveralGateways, driver: ScriptedDriver, workers: readonly ScriptedWorker[], meanwhile: () => void = () => {}): Promise<void> {
  await passUntil(several.clock, () => {
    redial(several, workers);
    // Another one than it had.
    if (driver.isClosed) several.connect(driver, several.gateways.findLast(({ isAlive, gateway }) => isAlive && gateway !== several.homeOf(driver)) as OneOfSeveral);
    beat(workers);
    meanwhile();
    return driver.done.size === driver.blocks.length;
  }, 50, 55_000);
}

const extra = (workers: readonly ScriptedWorker[], blocks: number): number => workers.reduce((sum, { computed }) => sum + computed, 0) / blocks - 1;

test.each([["a guest", 1], ["the home", 0]])("%s that is killed costs what its workers had begun, and no row", { timeout: 60_000 }, async (_, killed) => {
  const several = await severalGateways(3);
  const blocks = numbers(600);
  const workers = fleetOf(several);
  const driver = several.connect(new ScriptedDriver({ blocks }), several.at(0));
  await runThrough(several, driver, workers, () => {
    if (driver.done.size > 150 && several.at(killed).isAlive) several.at(killed).kill();
  });
  expect(driver.values()).toEqual(twiceAll(blocks));
  const shares = await sharesOf(several);
  expect([...shares.values()].reduce((sum, each) => sum + each, 0)).toBe(blocks.length);
  expect(extra(workers, blocks.length)).toBeLessThan(0.1);
});

test("a driver that is killed and comes again at another gateway is given what was done, and the first gateway helps on", { timeout: 60_000 }, async () => {
  const several = await severalGateways(2);
  const blocks = numbers(300);
  const workers = fleetOf(several);
  const first = several.connect(new ScriptedDriver({ blocks }), several.at(0));
  await passUntil(several.clock, () => {
    beat(workers);
    return first.done.size > 60;
  }, 50);
  first.disconnect();
  const second = several.connect(new ScriptedDriver({ blocks }), several.at(1));
  await runThrough(several, second, workers);
  expect(second.values()).toEqual(twiceAll(blocks));
  expect(second.all("accepted")[0]?.committedBlocks).toBeGreaterThan(60);
  expect(extra(workers, blocks.length)).toBeLessThan(0.1);
});

test("a second driver of a job is told so at whichever gateway it asks, while the first goes on", { timeout: 60_000 }, async () => {
  const several = await severalGateways(2);
  const driver = several.connect(new ScriptedDriver({ blocks: numbers(4) }), several.at(0));
  await until(() => driver.all("accepted").length === 1);
  const other = several.connect(new ScriptedDriver({ blocks: numbers(4), hello: { name: "another driver" } }), several.at(1));
  const error = await passUntil(several.clock, () => other.all("job-failed")[0]?.error);
  expect(error).toMatchObject({ code: "job-taken" });
  expect(several.clock.now()).toBeLessThan(5_000);
  expect(driver.isClosed).toBe(false);
  several.connect(new ScriptedWorker("a"), several.at(1));
  await passUntil(several.clock, () => driver.done.size === 4);
});

test("one whose home does not answer waits no longer than the role lasts, is told what it waits for, and then has the job", { timeout: 60_000 }, async () => {
  const several = await severalGateways(2);
  const driver = several.connect(new ScriptedDriver({ blocks: numbers(4) }), several.at(0));
  await until(() => driver.all("accepted").length === 1);
  several.at(0).kill();
  driver.disconnect();
  several.connect(driver, several.at(1));
  await passUntil(several.clock, () => driver.all("accepted").length === 2, 500);
  expect(several.clock.now()).toBeLessThan(20_000);
  expect(driver.all("fleet").map(({ notice }) => notice)).toContainEqual(expect.stringMatching(/another gateway had this job; it is taken over within \d+ s/));
  several.connect(new ScriptedWorker("a"), several.at(1));
  await passUntil(several.clock, () => driver.done.size === 4);
});

test("a home that can't reach the engine for longer than its role lasts puts the job down, and another one takes it up", { timeout: 60_000 }, async () => {
  const several = await severalGateways(2);
  const blocks = numbers(400);
  const { token } = await several.at(0).gateway.invite(["work"]);
  const workers = fleetOf(several, 2, { origin: { address: "192.0.2.1" }, hello: { token } });
  const driver = several.connect(new ScriptedDriver({ blocks }), several.at(0));
  let mend: (() => void) | undefined;
  await runThrough(several, driver, workers, () => {
    if (driver.done.size > 100) mend ??= several.at(0).cutOff();
    if (driver.all("accepted").length > 1) mend?.();
  });
  expect(driver.all("bye")).toMatchObject([{ again: true, error: { code: "gateway-deposed" } }]);
  // Its workers took what they had computed, and could not be committed, to the other gateway.
  expect(workers[0]?.bye).toMatchObject({ again: true, error: { code: "engine-paused" } });
  expect(driver.values()).toEqual(twiceAll(blocks));
  expect(extra(workers, blocks.length)).toBeLessThan(0.1);
});
