// Actors over machines: each takes as many as its CPUs hold, and no more compute at a time.
import { createCluster, createGateway, memoryChannel, memoryEngine, memoryFiles, runAgent, type DriverToGateway, type GatewayToDriver, type GatewayToWorker, type WorkerToGateway } from "@shoal/cluster";
import { silentLogger, systemClock } from "@shoal/core";
import { FakeActorHost } from "@shoal/testing";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../cluster/until.ts";
import { runOn } from "../driver/remote-run.ts";
import { doubling, numbered, poolOf, recutOf, scanOf } from "../properties/plans.ts";

test("four agents of 16 CPUs each take 12 actors of 5 CPUs; the 13th block waits for one of them", { timeout: 60_000 }, async () => {
  const engine = memoryEngine();
  const gateway = await createGateway({ engine, clock: systemClock, random: Math.random, secret: new Uint8Array(32).fill(7), name: "here", log: silentLogger, files: memoryFiles() });
  const stop = new AbortController();
  const predicting: (() => void)[] = [];
  let held = true;
  let predicted = 0;
  let most = 0;
  const hosts = Array.from({ length: 4 }, () => {
    // The first block of each machine shows how long one takes: then it is leased more than one at a time. All others are held.
    let first = true;
    return new FakeActorHost({
      load: async (_spec, actor) => {
        const predictor = doubling([], actor);
        return {
          ...predictor,
          async predict(batch, signal) {
            if (held && !first) await new Promise<void>((resolve) => (most = Math.max(most, predicting.push(resolve))));
            first = false;
            predicted++;
            return predictor.predict(batch, signal);
          },
        };
      },
    });
  });
  const agents = hosts.map((host, at) => runAgent({
    dial: async () => {
      const [near, far] = memoryChannel<WorkerToGateway, GatewayToWorker>();
      gateway.accept(far as never, {});
      return near;
    },
    name: `machine ${at}`, host, clock: systemClock, random: Math.random, signal: stop.signal, devices: { candidates: async () => ["cpu"] },
    resources: { cpus: 16, gpus: 0, memory: 2 ** 34 },
    traits: { label: `machine ${at}`, host: "machine", runtime: "node", devices: ["cpu"], cpus: 16, gpus: 0, memoryBytes: 2 ** 34, models: [], runsCode: false },
    modelUrl: ({ hash }) => `memory:${hash}`,
  }));
  const cluster = createCluster({
    dial: async () => {
      const [near, far] = memoryChannel<DriverToGateway, GatewayToDriver>();
      gateway.accept(far as never, {});
      return near;
    },
    name: "driver", clock: systemClock, random: Math.random, log: silentLogger,
  });
  onTestFinished(async () => {
    stop.abort();
    await Promise.all(agents.map((agent) => agent.ended.catch(() => {})));
    await cluster[Symbol.asyncDispose]();
    await gateway.close();
  });

  const rows = 2000;
  const plan = poolOf(recutOf(scanOf(numbered(rows, 10)), 10, 10, 10), { numCpus: 5, minActors: 13, maxActors: 13 });
  const running = runOn(cluster, plan);
  await until(() => predicting.length === 12);
  // There is more to do, and nobody begins it.
  const { ready, leased } = await until(() => gateway.snapshot().jobs[0]?.segments[0]?.blocks);
  expect(ready + leased).toBeGreaterThan(12);
  expect(hosts.map(({ alive }) => alive)).toEqual([3, 3, 3, 3]);
  const before = predicted;
  predicting.shift()?.();
  await until(() => predicted === before + 1 && predicting.length === 12);
  held = false;
  for (const go of predicting.splice(0)) go();
  const outcome = await running;
  expect(most).toBe(12);
  expect(outcome.rows).toEqual(Array.from({ length: rows }, (_, id) => ({ id, text: `row ${id}`, doubled: 2 * id })));
});
