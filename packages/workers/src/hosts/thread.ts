import type { Worker } from "node:worker_threads";
import { errorData, type ActorCommand, type ActorEvent, type ActorLine } from "../actor-protocol.ts";

/**
 * The line to a thread of `node:worker_threads`. Terminating one in the middle of a native run aborts the whole process, so a killed
 * thread is only let go: its calls are rejected at once, and it ends when it comes back to itself.
 */
export function threadLine(worker: Worker): ActorLine {
  let close!: (detail: string) => void;
  const closed = new Promise<string>((resolve) => (close = resolve));
  worker.once("exit", (code) => close(`exit code ${code}`));
  worker.once("messageerror", () => close("a message that could not be read"));
  return {
    closed,
    send: (command: ActorCommand, transfer: readonly ArrayBuffer[] = []) => worker.postMessage(command, transfer),
    onMessage(listener) {
      worker.on("message", (event: ActorEvent) => listener(event));
      worker.once("error", (error) => {
        listener({ kind: "dying", error: errorData(error) });
      });
    },
    kill() {
      worker.postMessage({ kind: "dispose" } satisfies ActorCommand);
      worker.unref();
      close("left to end by itself");
    },
  };
}
