// The inner thread of an actor. It imports no more of Shoal than the sessions, so that starting it costs no more than starting the library.
import { parentPort } from "node:worker_threads";
import { serveSessions, type ThreadRequest } from "@shoal/ort-sessions";
import { fedMemory } from "./fed-memory.ts";
import { loadOrt, ortFeatures } from "./load-ort.ts";

const fed = fedMemory();
const serve = serveSessions(loadOrt, ortFeatures, (reply, transfer, leftBytes) => {
  parentPort?.postMessage(reply, transfer);
  fed.done(leftBytes);
});
parentPort?.on("message", (request: ThreadRequest) => {
  fed.came(request);
  serve(request);
});
