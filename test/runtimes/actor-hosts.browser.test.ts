// The suite that every actor host must pass, in Chromium itself: by the project "chromium" of vitest.config.ts.
import { blockFromRows, predictorLoader } from "@shoal/core";
import * as predictors from "@shoal/testing/actor-host-predictors";
import { testActorHost } from "@shoal/testing/actor-host-suite";
import { plainStartActor } from "@shoal/testing/plain-start-actor";
import { inProcessGaps, inProcessHost, webWorkerHost } from "@shoal/workers";
import { forkActor, givenWorkerHost, workerGaps } from "@shoal/workers/local";
import { expect, test } from "vitest";

testActorHost("of workers", (log) => webWorkerHost({ createWorker: () => new Worker(new URL("../conformance/fixtures/actor-entry.ts", import.meta.url), { type: "module" }), log }), workerGaps);
testActorHost("of given workers", (log) => givenWorkerHost({ worker: () => new Worker(new URL("../conformance/fixtures/served-worker.ts", import.meta.url), { type: "module" }), log }), workerGaps);
testActorHost("in-process", (log) => inProcessHost({ load: predictorLoader([], (url) => import(/* @vite-ignore */ url)), startActor: plainStartActor, runtimes: {} }, { log }), inProcessGaps);

test("a page has no processes, and is told what it has", () => {
  expect(() => forkActor(new URL("worker.js", location.href))).toThrow(expect.objectContaining({ code: "no-processes" }));
});

test.each([["in the middle of a batch", predictors.waits], ["blocking its thread", predictors.spins]])("a worker that was terminated without a word is known to be gone: %s", async (_when, { spec }) => {
  const workers: Worker[] = [];
  const createWorker = (): Worker => {
    const worker = new Worker(new URL("../conformance/fixtures/served-worker.ts", import.meta.url), { type: "module" });
    workers.push(worker);
    return worker;
  };
  await using host = webWorkerHost({ createWorker });
  const policy = { batchSize: "auto", maxBatchRows: 64, collapse: false, bisect: true } as const;
  const actor = await host.spawn({ spec, policy, device: "auto", deviceIndex: 0, threads: 1 }, new AbortController().signal);
  const result = actor.process(blockFromRows([{ n: 1 }]), new AbortController().signal).catch((error: unknown) => error);
  workers[0]?.terminate();
  expect(await result).toMatchObject({ code: "worker-lost", message: expect.stringContaining("its worker is gone") as string });
  expect(await actor.closed).toMatchObject({ code: "crashed" });
});
