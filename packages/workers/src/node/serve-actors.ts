import { parentPort, type MessagePort, type Transferable } from "node:worker_threads";
import { enterActor } from "@shoal/core";
import type { ActorChannel, ActorCommand, ActorEvent } from "../actor-protocol.ts";
import { serveActor, type ActorParts } from "../actor-server.ts";
import { servedLoader, type ServedPredictors } from "../served-predictors.ts";
import type { EntryParts } from "../serve-worker-actor.ts";
import { chooseNodeDevice } from "./choose-node-device.ts";
import { serveProcess } from "./serve-node-actor.ts";

/**
 * What the worker entry of a bundled Node service calls at its top level: serves the given predictors, as a forked process or a thread.
 *
 * ```ts
 * // worker.ts
 * serveActors({ score });
 * ```
 */
export function serveActors(served: ServedPredictors, { backends, ...parts }: EntryParts): void {
  enterActor();
  const actor: ActorParts = { chooseDevice: chooseNodeDevice, ...parts, load: servedLoader(served, backends) };
  if (parentPort === null) serveProcess(actor);
  else serveThread(parentPort, actor);
}

function serveThread(port: MessagePort, parts: ActorParts): void {
  const channel: ActorChannel<ActorEvent, ActorCommand> = {
    closed: new Promise((resolve) => port.once("close", () => resolve("closed"))),
    send: (event, transfer = []) => port.postMessage(event, transfer as readonly Transferable[]),
    onMessage: (listener) => void port.on("message", listener),
  };
  // A thread shares the standard output of the job, which may be its result.
  process.stdout.write = process.stderr.write.bind(process.stderr);
  void serveActor(channel, parts).then(() => port.close());
}
