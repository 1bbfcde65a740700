// Rows 3 and 4 of the fault table over a real gateway: GPUs that are lost, memory that is short, and a row that ends whatever process meets it.
import { systemClock, type Block, type LoadPredictor } from "@shoal/core";
import { seededRandom, withFaults, type Faults } from "@shoal/testing";
import { expect, test } from "vitest";
import { runHere, runOn } from "../driver/remote-run.ts";
import { doubling, idsOf, numbered, poolOf, recutOf, scanOf } from "../properties/plans.ts";
import { memoryFleet, type MemoryAgent } from "./memory-fleet.ts";

const rows = 3000;
const plan = (change: Parameters<typeof poolOf>[1] = {}) => poolOf(recutOf(scanOf(numbered(rows))), change);
const failing = (faults: Faults): LoadPredictor => async (_spec, actor) => withFaults(doubling([], actor), "id", faults, actor, systemClock);

test.each([1, 2, 3])("devices are lost, actors die and memory is short, at random and everywhere: the rows are those of one machine (seed %i)", { timeout: 60_000 }, async (seed) => {
  const fleet = await memoryFleet();
  const random = seededRandom(seed);
  const chance = (): "device-lost" | "crash" | undefined => (random.next() < 0.01 ? "device-lost" : random.next() < 0.01 ? "crash" : undefined);
  for (const name of ["one", "two", "three"]) fleet.agent(name, failing({ chance, outOfMemoryAbove: random.between(20, 60) }));
  const there = await runOn(fleet.cluster, plan());
  expect(there.rows).toEqual((await runHere(plan())).rows);
});

test("a row that ends every process that meets it is found, and given up alone; all others are done", { timeout: 60_000 }, async () => {
  const fleet = await memoryFleet();
  const poison = 1234;
  const agents = new Map<string, MemoryAgent>();
  let born = 0;
  // Whoever starts such a process again after each end of it.
  const start = (): void => {
    const name = `process ${born++}`;
    agents.set(name, fleet.agent(name, async (_spec, actor) => {
      const predictor = doubling([], actor);
      return {
        ...predictor,
        async predict(batch, signal) {
          if (!idsOf(batch).includes(poison)) return predictor.predict(batch, signal) as Promise<Block>;
          agents.get(name)?.vanish();
          start();
          return new Promise<never>(() => {});
        },
      };
    }));
  };
  for (let count = 0; count < 3; count++) start();
  const there = await runOn(fleet.cluster, plan({ onError: "deadLetter" }));
  expect(there.rows).toEqual((await runHere(plan())).rows.filter(({ id }) => id !== poison));
  expect(there.deadLetters).toMatchObject([{ row: { id: poison } }]);
  expect(born).toBeGreaterThan(3);
});
