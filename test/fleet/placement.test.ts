// Actors over machines: each takes as many as its CPUs hold, and no more compute at a time.
import type { Block, LoadPredictor } from "@shoal/core";
import { expect, test } from "vitest";
import { until } from "../cluster/until.ts";
import { runOn } from "../driver/remote-run.ts";
import { doubling, numbered, poolOf, recutOf, scanOf } from "../properties/plans.ts";
import { memoryFleet } from "./memory-fleet.ts";

test("four agents of 16 CPUs each take 12 actors of 5 CPUs; the 13th block waits for one of them", { timeout: 60_000 }, async () => {
  const fleet = await memoryFleet();
  const predicting: (() => void)[] = [];
  let held = true;
  let predicted = 0;
  let most = 0;
  /** Every block is held, but for the first of each machine. */
  const holding = (): LoadPredictor => {
    let first = true;
    return async (_spec, actor) => {
      const predictor = doubling([], actor);
      return {
        ...predictor,
        async predict(batch, signal) {
          if (held && !first) await new Promise<void>((resolve) => (most = Math.max(most, predicting.push(resolve))));
          first = false;
          predicted++;
          return predictor.predict(batch, signal) as Promise<Block>;
        },
      };
    };
  };
  const machines = Array.from({ length: 4 }, (_, at) => fleet.agent(`machine ${at}`, holding(), 16));

  const rows = 2000;
  const plan = poolOf(recutOf(scanOf(numbered(rows, 10)), 10, 10, 10), { numCpus: 5, minActors: 13, maxActors: 13, policy: { batchSize: 10 } });
  const running = runOn(fleet.cluster, plan);
  await until(() => predicting.length === 12);
  // There is more to do, and nobody begins it.
  const { ready, leased } = await until(() => fleet.gateway.snapshot().jobs[0]?.segments[0]?.blocks);
  expect(ready + leased).toBeGreaterThan(12);
  expect(machines.map(({ host }) => host.alive)).toEqual([3, 3, 3, 3]);
  const before = predicted;
  predicting.shift()?.();
  await until(() => predicted === before + 1 && predicting.length === 12);
  held = false;
  for (const go of predicting.splice(0)) go();
  const outcome = await running;
  expect(most).toBe(12);
  expect(outcome.rows).toEqual(Array.from({ length: rows }, (_, id) => ({ id, text: `row ${id}`, doubled: 2 * id })));
});
