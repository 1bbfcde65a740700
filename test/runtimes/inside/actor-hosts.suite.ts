// Runs in Bun and in Deno, by vitest.config.mjs of this folder: the suite that every actor host must pass, in the runtime itself.
import { plainStartActor } from "@shoal/testing/plain-start-actor";
import { testActorHost } from "@shoal/testing/actor-host-suite";
import { predictorLoader } from "@shoal/core";
import { inProcessHost, webWorkerHost } from "@shoal/workers";
import { forkActor, givenWorkerHost, nodeProcessHost } from "@shoal/workers/node";
import { expect, test } from "vitest";

test("this is the runtime that was asked for", () => {
  expect(process.versions).toHaveProperty(process.env["SHOAL_RUNTIME"] as string);
});

const fixture = (name: string): URL => new URL(`../../conformance/fixtures/${name}`, import.meta.url);

testActorHost("node-process", (log) => nodeProcessHost({ entry: fixture("actor-entry.ts"), log }));
testActorHost("given process", (log) => givenWorkerHost({ worker: () => forkActor(fixture("served-worker.ts")), log }));
testActorHost("in-process", (log) => inProcessHost({ load: predictorLoader([], (url) => import(url)), startActor: plainStartActor, runtimes: {} }, { log }), { crashes: false, killsBusy: false });

testActorHost("web-worker", (log) => webWorkerHost({ createWorker: () => new Worker(new URL("worker-entry.ts", import.meta.url), { type: "module" }), log }), { crashes: false });
