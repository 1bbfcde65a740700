import { ShoalError, silentLogger, type Actor, type ActorHost, type ActorRequest, type Logger } from "@shoal/core";
import { connectActor, type ConnectOptions } from "../actor-client.ts";
import type { ActorLine } from "../actor-protocol.ts";

/** Settings that all hosts share. */
export interface ActorHostOptions {
  /** Where actors' log lines go, named for the actor. Nowhere by default. */
  readonly log?: Logger;
  /** How long an actor may take to dispose itself before it is killed; 5 seconds by default, and 1 at most in the middle of a batch. */
  readonly disposeMs?: number;
}

/** A host is a way to open a line to a new actor; everything else is the same for all. */
export function actorHost(name: string, open: (request: ActorRequest) => ActorLine, options: Omit<ConnectOptions, "id" | "onLastWords">): ActorHost {
  const lastWords = new Set<string>();
  const counts = new Map<string, number>();
  const actors = new Set<Actor>();
  const disposed = new AbortController();
  const spawning = new Set<Promise<unknown>>();

  async function spawn(request: ActorRequest, signal: AbortSignal): Promise<Actor> {
    signal.throwIfAborted();
    disposed.signal.throwIfAborted();
    const number = (counts.get(request.spec.name) ?? 0) + 1;
    counts.set(request.spec.name, number);
    const id = `${request.spec.name}#${number}`;
    // The first actor that a cause ends shows its stack; the next ones have nothing to add.
    const onLastWords = (error: ShoalError): void => {
      if (lastWords.has(error.message)) return;
      lastWords.add(error.message);
      (options.log ?? silentLogger).warn(`${id} ended: ${error.stack ?? error.message}`);
    };
    const actor = await connectActor(open(request), request, AbortSignal.any([signal, disposed.signal]), { ...options, id, onLastWords });
    actors.add(actor);
    void actor.closed.then(() => actors.delete(actor));
    return actor;
  }

  return {
    name,
    spawn(request, signal) {
      const spawned = spawn(request, signal);
      const settled = spawned.then(() => {}, () => {});
      spawning.add(settled);
      void settled.then(() => spawning.delete(settled));
      return spawned;
    },
    async [Symbol.asyncDispose]() {
      disposed.abort(new ShoalError("aborted", `The actor host "${name}" was disposed.`, { failure: "aborted" }));
      await Promise.all(spawning);
      await Promise.all([...actors].map((actor) => actor[Symbol.asyncDispose]()));
    },
  };
}
