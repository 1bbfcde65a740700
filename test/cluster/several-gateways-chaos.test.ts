// A few gateways, their workers and a driver, over an engine on which everything fails that may; gateways are killed and cut off, connections break.
import { memoryEngine, type QueuedTask } from "@shoal/cluster";
import { ShoalError } from "@shoal/core";
import { faultyEngine, seededRandom, type SeededRandom } from "@shoal/testing";
import { expect, test } from "vitest";
import { passUntil } from "./open-gateway.ts";
import { numbers, ScriptedDriver } from "./scripted-driver.ts";
import { ScriptedWorker } from "./scripted-worker.ts";
import { severalGateways, type OneOfSeveral } from "./several-gateways.ts";

const count = 240;
const workMs = 100;
/** Long enough for roles to run out twice; then what fails is over, and so must the job be. */
const chaosMs = 45_000;
const endMs = 300_000;

/** `SHOAL_SEED=7` runs one, `SHOAL_SEEDS=200` more of them. */
const seeds = process.env["SHOAL_SEED"] === undefined ? Array.from({ length: Number(process.env["SHOAL_SEEDS"] ?? 6) }, (_, seed) => seed + 1) : [Number(process.env["SHOAL_SEED"])];

function madeUp(random: SeededRandom): QueuedTask {
  const task = [random.between(0, count), 0, 4, "0".repeat(64), random.between(0, 99)];
  const body = random.pick([
    { nonsense: true }, { job: "job", description: "0".repeat(64), segment: 0, home: 1, by: "", at: 0, tasks: [task] }, { job: "nobody's", description: "1".repeat(64), segment: 7, home: 99, by: "x", at: 0, tasks: [task] },
    { gateway: 77, class: "cpu", blocks: 12, at: 0, volunteer: false, runsCode: true, memoryBytes: 8e9, cpus: 4, gpus: 0, models: [] }, { gateway: 1, class: "cpu", blocks: -1 },
  ]);
  return { id: `made up ${random.next()}`, class: "cpu", priority: 0, body };
}

test.each(seeds)("seed %i: every block is committed once, whatever fails, and the output is that of one machine", { timeout: 120_000 }, async (seed) => {
  const random = seededRandom(seed);
  let isChaos = false;
  const fails = (chance: number) => (): boolean => isChaos && random.chance(chance);
  const several = await severalGateways(3, {
    settings: { strikes: 1e9 },
    engineOver: (clock) => memoryEngine({ clock, queue: { leaseMs: 20_000 } }),
    wrap: (engine, _, clock) => faultyEngine(engine, {
      clock,
      write: () => (!isChaos || random.chance(0.9) ? "answered" : random.pick(["reply-lost", "request-lost"] as const)),
      followMs: () => (isChaos && random.chance(0.05) ? random.between(0, 3_000) : 0),
      loses: fails(0.1), doubles: fails(0.1), losesAcknowledgement: fails(0.1),
      invents: () => (isChaos && random.chance(0.05) ? madeUp(random) : undefined),
      blob: () => (isChaos && random.chance(0.02) ? new ShoalError("file-error", "The store does not answer.", { hint: "Try again." }) : undefined),
    }),
  });
  const { clock } = several;
  const blocks = numbers(count);
  const { token } = await several.at(0).gateway.invite(["work", "submit"]);
  const outside = { origin: { address: "192.0.2.1" }, hello: { token } };
  const driver = several.connect(new ScriptedDriver({ blocks, ...outside }), random.pick(several.gateways));
  const workers = Array.from({ length: 7 }, (_, at) => several.connect(new ScriptedWorker(`worker ${at}`, { pace: { clock, ms: workMs * random.between(1, 6) }, presents: true, ...outside }), random.pick(several.gateways)));
  const redial = (client: ScriptedWorker | ScriptedDriver): void => {
    const alive = several.gateways.filter(({ isAlive }) => isAlive);
    const others = alive.filter(({ gateway }) => alive.length === 1 || gateway !== several.homeOf(client));
    const key = client.heard.flatMap((heard) => ("message" in heard ? (heard.message.kind === "welcome" ? [heard.message.key] : []) : heard.kind === "welcome" ? [heard.key] : [])).at(-1);
    several.connect(client, random.pick(others), key === undefined ? {} : { key });
  };
  isChaos = true;
  const mends: (() => void)[] = [];
  let adding: Promise<OneOfSeveral> | undefined;
  const misbehave = (): void => {
    const alive = several.gateways.filter(({ isAlive }) => isAlive);
    if (random.chance(0.004) && alive.length > 1) {
      random.pick(alive).kill();
      adding = several.add();
    }
    if (random.chance(0.004)) mends.push(random.pick(alive).cutOff());
    if (random.chance(0.02)) mends.splice(0).forEach((mend) => mend());
    if (random.chance(0.01)) random.pick(workers).disconnect();
    // A driver submits when it is let in, and so has its key.
    if (random.chance(0.005) && driver.all("welcome").length > 0) driver.disconnect();
  };
  let wasFailed: unknown;
  await passUntil(clock, () => {
    if (isChaos && clock.now() > chaosMs) {
      isChaos = false;
      for (const mend of mends.splice(0)) mend();
    }
    if (isChaos) misbehave();
    for (const client of [driver, ...workers]) if (client.isClosed) redial(client);
    for (const worker of workers) {
      worker.beat();
      // As agents do with what nobody answers.
      if (random.chance(0.01)) worker.present();
    }
    // What can be seen of one that does not end.
    if (clock.now() > endMs) {
      wasFailed = {
        done: driver.done.size, driver: [several.nameOf(driver), driver.isClosed, driver.offered, driver.heard.slice(-4).map(({ message }) => message)],
        gateways: several.gateways.filter(({ isAlive }) => isAlive).map(({ gateway }) => ({ ...gateway.snapshot(), jobs: gateway.snapshot().jobs.map(({ state, bottleneck, error, segments: [segment] }) => ({ state, bottleneck, error, blocks: segment?.blocks, map: segment?.map })) })),
        workers: workers.map((worker) => [worker.name, several.nameOf(worker), worker.isClosed, worker.held.size, worker.bye?.error.code]),
      };
    }
    wasFailed ??= driver.all("job-failed")[0]?.error;
    return wasFailed !== undefined || driver.done.size === count;
  }, 100, 100_000);
  await adding;
  expect(wasFailed).toBeUndefined();
  expect(driver.values()).toEqual(blocks.flat().map((n) => 2 * n));
  const committed = new Map<string, number>();
  for await (const entry of several.engine.ledger.replay("job")) if (entry.kind === "commit") committed.set(entry.block, (committed.get(entry.block) ?? 0) + 1);
  expect(committed.size).toBe(count);
  expect([...committed.values()].every((times) => times === 1)).toBe(true);
});
