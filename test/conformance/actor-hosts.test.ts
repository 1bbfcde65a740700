import { predictorLoader } from "@shoal/core";
import { plainStartActor } from "@shoal/testing/plain-start-actor";
import { testActorHost } from "@shoal/testing/actor-host-suite";
import { inProcessHost } from "@shoal/workers";
import { nodeProcessHost } from "@shoal/workers/node";

const load = predictorLoader([], async (url) => import(/* @vite-ignore */ url));
testActorHost("in-process", (log) => inProcessHost({ load, startActor: plainStartActor, runtimes: {} }, { log }), { crashes: false, killsBusy: false });

testActorHost("node-process", (log) => nodeProcessHost({ entry: new URL("./fixtures/actor-entry.ts", import.meta.url), log }));
