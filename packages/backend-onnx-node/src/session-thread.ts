// The inner thread of an actor. It imports no more of Shoal than the sessions, so that starting it costs no more than starting the library.
import { parentPort, workerData } from "node:worker_threads";
import { serveSessions, type ThreadRequest } from "@shoal/ort-sessions";
import { readComplaint } from "./device-complaints.ts";
import { fedMemory } from "./fed-memory.ts";
import { loadOrt, ortFeatures } from "./load-ort.ts";
import type { ThreadData } from "./start-thread.ts";

const fed = fedMemory();
const { complaints } = workerData as ThreadData;
const serve = serveSessions(loadOrt, ortFeatures, (reply, transfer, leftBytes) => {
  parentPort?.postMessage(reply, transfer);
  fed.done(leftBytes);
}, () => (complaints === undefined ? undefined : readComplaint(complaints)));
parentPort?.on("message", (request: ThreadRequest) => {
  fed.came(request);
  serve(request);
});
