// The suite that every actor host must pass, in Chromium itself: by the project "chromium" of vitest.config.ts.
import { predictorLoader } from "@shoal/core";
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
