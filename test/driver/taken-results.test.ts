// A coordinator that keeps nothing does not keep what its driver has.
import { memoryEngine, type Engine } from "@shoal/cluster";
import type { Row } from "@shoal/core";
import { rest } from "@shoal/testing";
import { afterEach, expect, test } from "vitest";
import { numbered, poolOf, scanOf } from "../properties/plans.ts";
import { Fleet, type FleetOptions } from "./fleet.ts";
import { runOn } from "./remote-run.ts";

const blocks = 200;
const rowsOfBlock = 10;
/** Blocks that are open at most. */
const window = 8;
const fleets: Fleet[] = [];

afterEach(async () => {
  for (const fleet of fleets.splice(0)) await fleet[Symbol.asyncDispose]();
});

/** An engine in memory whose blobs are counted. */
class CountedEngine {
  readonly engine: Engine;
  readonly #uses = new Map<string, number>();
  most = 0;
  put = 0;

  constructor(change: Partial<Engine> = {}) {
    const engine = memoryEngine();
    const { blobs } = engine;
    const add = blobs.add?.bind(blobs);
    const release = blobs.release?.bind(blobs);
    blobs.add = async (sha256, bytes) => {
      await add?.(sha256, bytes);
      this.put++;
      this.#uses.set(sha256, (this.#uses.get(sha256) ?? 0) + 1);
      this.most = Math.max(this.most, this.#uses.size);
    };
    blobs.release = (sha256) => {
      release?.(sha256);
      const uses = (this.#uses.get(sha256) ?? 0) - 1;
      if (uses < 0) throw new Error(`${sha256} was released more often than it was put`);
      if (uses === 0) this.#uses.delete(sha256);
      else this.#uses.set(sha256, uses);
    };
    this.engine = { ...engine, ...change };
  }

  /** Results that are there. */
  get size(): number {
    return this.#uses.size;
  }
}

const started = (engine: () => Engine, options: FleetOptions = {}): Promise<Fleet> => {
  const fleet = new Fleet({ engine, scheduler: { maxOpenBlocks: window }, ...options });
  fleets.push(fleet);
  return fleet.start();
};

/** @param onBlock told of each block that is read */
function doubled(onBlock: (block: number) => void = () => {}): ReturnType<typeof poolOf> {
  const source = numbered(blocks * rowsOfBlock, rowsOfBlock);
  let read = 0;
  return poolOf({ kind: "scan", source: { ...source, read: async function* (...args: Parameters<typeof source.read>) {
    for await (const block of source.read(...args)) {
      onBlock(read++);
      await rest();
      yield block;
    }
  } } });
}

const expected: readonly Row[] = Array.from({ length: blocks * rowsOfBlock }, (_, id) => ({ id, text: `row ${id}`, doubled: 2 * id }));

test("of a run that nobody can continue it holds no more results than there are open blocks, how many ever were done", async () => {
  const counted = new CountedEngine();
  const fleet = await started(() => counted.engine);
  expect((await runOn(fleet.cluster(), poolOf(scanOf(numbered(blocks * rowsOfBlock, rowsOfBlock))))).rows).toEqual(expected);
  expect(counted.put).toBe(blocks);
  expect(counted.most).toBeLessThanOrEqual(2 * window);
  expect(counted.size).toBeLessThanOrEqual(window);
});

test.each([[20], [5, 60, 61], [30, 33, 36, 39, 42, 100, 199]])("a driver whose connection breaks after %i blocks, and so on, is given what it has not got, and what it has goes all the same", async (...breaks) => {
  const counted = new CountedEngine();
  const fleet = await started(() => counted.engine);
  const plan = doubled((block) => {
    if (breaks.includes(block)) fleet.cut();
  });
  expect((await runOn(fleet.cluster(), plan)).rows).toEqual(expected);
  expect(fleet.driverConnections).toBeGreaterThan(1);
  expect(counted.most).toBeLessThanOrEqual(3 * window);
  expect(counted.size).toBeLessThanOrEqual(window);
});

test("a coordinator that begins anew knows of nothing, and is told of results that it never had", async () => {
  const engines: CountedEngine[] = [];
  const fleet = await started(() => {
    engines.push(new CountedEngine());
    return (engines.at(-1) as CountedEngine).engine;
  });
  let restarting: Promise<void> | undefined;
  const plan = doubled((block) => {
    if (block === 90) restarting = fleet.restart();
  });
  expect((await runOn(fleet.cluster(), plan)).rows).toEqual(expected);
  await restarting;
  expect(engines).toHaveLength(2);
  for (const { most } of engines) expect(most).toBeLessThanOrEqual(2 * window);
});

test("one that keeps ledgers keeps the results too", async () => {
  const counted = new CountedEngine({ keepsLedgers: true });
  const fleet = await started(() => counted.engine);
  expect((await runOn(fleet.cluster(), doubled())).rows).toEqual(expected);
  expect(counted.put).toBeGreaterThan(0);
  expect(counted.most).toBe(counted.put);
});

test("a job that another run may go on with keeps its results, in memory too", async () => {
  const counted = new CountedEngine();
  const fleet = await started(() => counted.engine);
  const stop = new AbortController();
  const plan = doubled((block) => {
    if (block === 100) stop.abort();
  });
  await expect(runOn(fleet.cluster(), plan, { signal: stop.signal }, { identity: "mine" })).rejects.toThrow(/aborted/);
  const before = fleet.predicted;
  expect((await runOn(fleet.cluster(), doubled(), {}, { identity: "mine" })).rows).toEqual(expected);
  // What was under way when the first run ended may be computed twice.
  expect(fleet.predicted - before).toBeLessThanOrEqual((blocks - 100 + 3 * window) * rowsOfBlock);
});
