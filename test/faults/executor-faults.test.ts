import assert from "node:assert/strict";
import type { DeadLetter, ShoalError } from "@shoal/core";
import { execute } from "@shoal/executor";
import type { OnError } from "@shoal/planner";
import { FakeActorHost, seededRandom, type Faults } from "@shoal/testing";
import { describe, expect, test } from "vitest";
import { numbered, poolOf, recutOf, rowsOf, scanOf, world } from "../properties/plans.ts";

const seeds = Number(process.env["SHOAL_SEEDS"] ?? 300);

describe("rows are not lost, and not doubled", () => {
  test(`under injected faults, over ${seeds} seeds`, async () => {
    completed = 0;
    for (let seed = 0; seed < seeds; seed++) await oneSchedule(seed).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    });
    // Otherwise the schedules would say little.
    expect(completed).toBeGreaterThan(0.7 * seeds);
  }, 120_000);

  let completed = 0;

  async function oneSchedule(seed: number): Promise<void> {
    const random = seededRandom(seed);
    const count = random.between(40, 400);
    const some = (probability: number): Set<number> => new Set(Array.from({ length: count }, (_, id) => id).filter(() => random.chance(probability)));
    const bad = some(random.pick([0, 0.02, 0.1]));
    const deadly = some(random.pick([0, 0, 2 / count]));
    const hangs = some(random.pick([0, 0, 1 / count]));
    const struck = random.pick([0, 0.02, 0.05]);
    const faults: Faults = {
      bad: (id) => bad.has(id as number), deadly: (id) => deadly.has(id as number), hangs: (id) => hangs.has(id as number),
      ...(random.chance(0.3) ? { outOfMemoryAbove: random.between(1, 40) } : {}),
      chance: () => (random.chance(struck) ? random.pick(["crash", "device-lost", "hang"] as const) : undefined),
      batchMs: (rows) => rows * random.between(1, 20),
    };
    const onError = random.pick<OnError>(["skip", "null", "deadLetter"]);
    const preserveOrder = random.chance(0.7);
    const letters: DeadLetter[] = [];
    const { environment, host } = world({ onError, deadLetters: async (more) => void letters.push(...more) }, faults);
    const max = random.between(1, 4);
    const batchSize = random.pick(["auto", 1, 7, 16] as const);
    const source = numbered(count, random.between(1, 150), random.pick([Infinity, 90]));
    const plan = poolOf(recutOf(scanOf(source), batchSize === "auto" ? 1 : batchSize), {
      minActors: random.between(1, max), maxActors: max, preserveOrder, timeoutMs: 5000, maxAttempts: random.between(1, 4),
      policy: { batchSize, collapse: random.chance(0.2) },
    });
    const execution = execute(plan, environment);
    const rows = await rowsOf(execution).catch((error: unknown) => error as ShoalError);
    assert.deepEqual([host.alive, source.open], [0, 0]);
    if (!Array.isArray(rows)) {
      // Whole runs stop only where nothing works from the start, or actors die one after another.
      assert(["first-batches-failed", "actors-keep-dying"].includes(rows.code), rows.stack);
      return;
    }
    completed++;
    const stage = execution.stats().stages.at(-1);
    const all = Array.from({ length: count }, (_, id) => id);
    const ids = rows.map((row) => row["id"] as number);
    const guilty = new Set([...bad, ...deadly, ...hangs]);
    const failed = new Set(onError === "null" ? rows.filter((row) => row["doubled"] === null).map((row) => row["id"] as number) : all.filter((id) => !ids.includes(id)));
    assert.equal(new Set(ids).size, ids.length, "a row came twice");
    if (preserveOrder) assert.deepEqual(ids, ids.toSorted((a, b) => a - b));
    for (const row of rows) if (!failed.has(row["id"] as number)) assert.equal(row["doubled"], 2 * (row["id"] as number));
    // Every guilty row is found. Chance may take an innocent one with it, but only where chance strikes.
    for (const id of guilty) assert(failed.has(id), `row ${id} is guilty and passed`);
    if (struck === 0) assert.deepEqual([...failed].toSorted((a, b) => a - b), [...guilty].toSorted((a, b) => a - b));
    assert.deepEqual([stage?.rowsIn, stage?.rowsOut], [count, rows.length]);
    assert.equal((stage?.skipped ?? 0) + (stage?.nulled ?? 0) + (stage?.deadLettered ?? 0), failed.size);
    if (onError === "deadLetter") assert.deepEqual(new Set(letters.map((letter) => letter.row["id"])), failed);
  }
});

test("a predictor that can't be loaded ends the run, however much input waits", async () => {
  const host = new FakeActorHost({ load: () => Promise.reject(new Error("no such model")) });
  const source = numbered(2000, 10, Infinity);
  const execution = execute(poolOf(recutOf(scanOf(source), 10), { minActors: 1, maxActors: 1 }), { host, resources: { cpus: 1, gpus: 0, memory: 1e9 } });
  await expect(rowsOf(execution)).rejects.toMatchObject({ code: "setup-failed", message: expect.stringContaining("no such model") as string });
  expect([host.alive, source.open]).toEqual([0, 0]);
});
