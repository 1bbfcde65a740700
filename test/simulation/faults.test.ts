import { expect, test } from "vitest";
import { faultKinds } from "./chaos.ts";
import { simulate, type Outcome } from "./simulate.ts";

const one = process.env["SHOAL_SEED"];
const seeds = Number(process.env["SHOAL_SEEDS"] ?? 2500);

/** @throws what went wrong, and how to see it again. */
function replayable(seed: number): Outcome {
  try {
    return simulate(seed);
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}\nSHOAL_SEED=${seed} npx vitest run test/simulation`, { cause: error });
  }
}

test.runIf(one !== undefined)(`seed ${one}`, () => {
  const outcome = replayable(Number(one));
  console.log(outcome);
  expect(outcome.seed).toBe(Number(one));
});

test.skipIf(one !== undefined)(`every row once, and every job ends, over ${seeds} seeds of faults`, () => {
  const faults: Record<string, number> = {};
  let [events, splits, quarantined] = [0, 0, 0];
  for (let seed = 0; seed < seeds; seed++) {
    const outcome = replayable(seed);
    events += outcome.events;
    splits += outcome.splits;
    quarantined += outcome.quarantinedRows;
    for (const [name, count] of Object.entries(outcome.faults)) faults[name] = (faults[name] ?? 0) + count;
  }
  console.log(`${seeds} seeds, ${events} events, ${splits} splits, ${quarantined} rows quarantined;`, faults);
  // That it happened at all.
  const rare = [...faultKinds, "failed", "vanished", "lied"].filter((name) => (faults[name] ?? 0) < seeds / 50);
  expect(rare).toEqual([]);
  expect(splits).toBeGreaterThan(seeds / 10);
}, 600_000);

test("a seed gives the same events twice", () => {
  expect(simulate(7)).toEqual(simulate(7));
});
