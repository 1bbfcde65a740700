// Runs in Bun and in Deno, by vitest.config.mjs of this folder: the suite that every actor host must pass, in the runtime itself.
import { plainStartActor } from "@shoal/testing/plain-start-actor";
import { testActorHost } from "@shoal/testing/actor-host-suite";
import { predictorLoader } from "@shoal/core";
import { inProcessGaps, inProcessHost } from "@shoal/workers";
import { forkActor, givenWorkerHost, processGaps, processHost, workerGaps } from "@shoal/workers/local";
import { expect, test } from "vitest";

test("this is the runtime that was asked for", () => {
  expect(process.versions).toHaveProperty(process.env["SHOAL_RUNTIME"] as string);
});

const fixture = (name: string): URL => new URL(`../../conformance/fixtures/${name}`, import.meta.url);

testActorHost("of processes", (log) => processHost({ entry: fixture("actor-entry.ts"), log }), processGaps);
testActorHost("of given processes", (log) => givenWorkerHost({ worker: () => forkActor(fixture("served-worker.ts")), log }), processGaps);
testActorHost("of given workers", (log) => givenWorkerHost({ worker: () => new Worker(fixture("served-worker.ts"), { type: "module" }), log }), workerGaps);
testActorHost("in-process", (log) => inProcessHost({ load: predictorLoader([], (url) => import(url)), startActor: plainStartActor, runtimes: {} }, { log }), inProcessGaps);
