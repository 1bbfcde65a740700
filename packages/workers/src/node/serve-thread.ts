import type { MessagePort, Transferable } from "node:worker_threads";
import type { ActorChannel, ActorCommand, ActorEvent } from "../actor-protocol.ts";
import { serveActor, type ActorParts } from "../actor-server.ts";

/** Serves one actor from a thread of Node to the thread that started it. */
export function serveThread(port: MessagePort, parts: ActorParts): void {
  const channel: ActorChannel<ActorEvent, ActorCommand> = {
    closed: new Promise((resolve) => port.once("close", () => resolve("closed"))),
    send: (event, transfer = []) => port.postMessage(event, transfer as readonly Transferable[]),
    onMessage: (listener) => void port.on("message", listener),
  };
  // A thread shares the standard output of the job, which may be its result.
  process.stdout.write = process.stderr.write.bind(process.stderr);
  void serveActor(channel, parts).then(() => port.close());
}
