import { ShoalError } from "@shoal/core";
import { serveActor, type ActorParts } from "../actor-server.ts";
import { errorData, type ActorChannel, type ActorCommand, type ActorEvent } from "../actor-protocol.ts";
import { quietJobImports } from "./import-job.ts";
import { dieWithParent, dieWithParentEvenBlocked } from "./die-with-parent.ts";
import { optimiseLate } from "./optimise-late.ts";

/**
 * Serves one actor from a child process to the process that forked it.
 * @throws `no-parent` when nobody did.
 */
export function serveProcess(parts: ActorParts): void {
  const channel = processChannel();
  optimiseLate();
  dieWithParent();
  quietJobImports();
  tellLastWords(channel);
  // Its output goes to the standard error of the job. Where that can't be written, an actor can still predict.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  void serveActor(channel, parts, { memoryBytes: () => process.memoryUsage.rss() }).then(async () => {
    await channel.flushed();
    process.exit(0);
  });
}

function begin({ request, argv }: ActorCommand & { kind: "spawn" }): void {
  if (argv !== undefined) process.argv = [...argv];
  // What is pure data runs code of ours, which computes in the inner thread and keeps this one free.
  if (request.spec.kind === "module") dieWithParentEvenBlocked();
}

interface ProcessChannel extends ActorChannel<ActorEvent, ActorCommand> {
  /** Settles when everything sent so far has left. */
  flushed(): Promise<void>;
}

function processChannel(): ProcessChannel {
  if (process.send === undefined) {
    throw new ShoalError("no-parent", "This module runs the process of an actor; nobody forked it.", { failure: "bug", hint: "Leave starting it to processHost, or call forkActor." });
  }
  const send = process.send.bind(process) as (event: ActorEvent, handle: undefined, options: undefined, done: () => void) => boolean;
  let unsent = 0;
  let drained: (() => void) | undefined;
  return {
    // A parent that is gone is noticed by `dieWithParent`.
    closed: new Promise(() => {}),
    onMessage: (listener) =>
      void process.on("message", (message) => {
        const command = message as ActorCommand;
        if (command.kind === "spawn") begin(command);
        listener(command);
      }),
    send(event) {
      if (!process.connected) return;
      unsent++;
      try {
        send(event, undefined, undefined, sent);
      } catch (error) {
        sent();
        throw error;
      }
    },
    flushed: () => new Promise((resolve) => (unsent === 0 ? resolve() : (drained = resolve))),
  };

  function sent(): void {
    if (--unsent === 0) drained?.();
  }
}

/** An error that nobody caught ends the process, as always; but its host then knows it. */
function tellLastWords(channel: ProcessChannel): void {
  process.on("uncaughtExceptionMonitor", (error) => channel.send({ kind: "dying", error: errorData(error) }));
  process.on("unhandledRejection", (reason) => {
    // The body of a script goes on after its import: it was told that this is no place to consume a dataset, and that is all.
    if (ShoalError.is(reason, "job-in-actor")) return;
    throw reason;
  });
}
