// The inner thread of an actor. It imports no more of Shoal than the sessions, so that starting it costs no more than starting the library.
import { parentPort } from "node:worker_threads";
import { serveSessions } from "@shoal/ort-sessions";
import { loadOrt, ortFeatures } from "./load-ort.ts";

parentPort?.on("message", serveSessions(loadOrt, ortFeatures, (reply, transfer) => parentPort?.postMessage(reply, transfer)));
