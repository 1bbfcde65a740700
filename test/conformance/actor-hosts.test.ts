import { Worker } from "node:worker_threads";
import { blockFromRows, predictorLoader, type ModulePredictorSpec } from "@shoal/core";
import { double } from "@shoal/testing/actor-host-predictors";
import { plainStartActor } from "@shoal/testing/plain-start-actor";
import { testActorHost } from "@shoal/testing/actor-host-suite";
import { inProcessGaps, inProcessHost } from "@shoal/workers";
import { forkActor, givenWorkerHost, processGaps, processHost, workerGaps } from "@shoal/workers/local";
import { expect, test } from "vitest";

const execArgv = ["--conditions=@shoal/source", `--import=${import.meta.resolve("@shoal/workers/ts-loader")}`];

const load = predictorLoader([], async (url) => import(/* @vite-ignore */ url));
testActorHost("in-process", (log) => inProcessHost({ load, startActor: plainStartActor, runtimes: {} }, { log }), inProcessGaps);

testActorHost("of processes", (log) => processHost({ entry: new URL("./fixtures/actor-entry.ts", import.meta.url), log }), processGaps);

const served = new URL("./fixtures/served-worker.ts", import.meta.url);
testActorHost("given process", (log) => givenWorkerHost({ worker: () => forkActor(served), log }), processGaps);
testActorHost("given thread", (log) => givenWorkerHost({ worker: () => new Worker(served, { execArgv }), log }), workerGaps);

test("a bundle's predictor is found by its name alone", async () => {
  await using host = givenWorkerHost({ worker: () => forkActor(served) });
  const spec = { ...(double.spec as ModulePredictorSpec), module: "https://bundle.example/assets/index-4f2a.js" };
  const actor = await host.spawn({ spec, policy: { batchSize: "auto", maxBatchRows: 64, collapse: false, bisect: true }, device: "cpu", deviceIndex: 0, threads: 1 }, new AbortController().signal);
  expect((await actor.process(blockFromRows([{ n: 4 }]), new AbortController().signal)).block.columns["twice"]?.values).toEqual(Float64Array.of(8));
});
