import { enterActor, predictorLoader, ShoalError, type Backend } from "@shoal/core";
import { errorData, type ActorChannel, type ActorCommand, type ActorEvent } from "./actor-protocol.ts";
import { serveActor, type ActorParts } from "./actor-server.ts";
import { servedLoader, type ServedPredictors } from "./served-predictors.ts";

/** What an entry file brings together; predictors of one's own are found without it. */
export interface EntryParts extends Omit<ActorParts, "load"> {
  readonly backends: readonly Backend[];
}

/** What the entry module of a worker (browser, Deno, Bun) calls: serves one actor, whose predictor is found by importing its module. */
export function serveWorkerActor({ backends, ...parts }: EntryParts): void {
  serveScope({ ...parts, load: predictorLoader(backends, (url) => import(/* @vite-ignore */ url)) });
}

/** The same for a bundle: predictors are those given here. Call it at the top level of the worker's module. */
export function serveActors(served: ServedPredictors, { backends, ...parts }: EntryParts): void {
  enterActor();
  serveScope({ ...parts, load: servedLoader(served, backends) });
}

interface WorkerScope {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: string, listener: (event: Event) => void): void;
  close(): void;
}

function serveScope(parts: ActorParts): void {
  const scope = globalThis as unknown as WorkerScope;
  const channel = scopeChannel(scope);
  keepStandardOutput();
  scope.addEventListener("unhandledrejection", (event) => {
    const { reason } = event as PromiseRejectionEvent;
    // The body of a script goes on after its import: it was told that this is no place to consume a dataset, and that is all.
    if (ShoalError.is(reason, "job-in-actor")) return event.preventDefault();
    channel.send({ kind: "dying", error: errorData(reason) });
  });
  scope.addEventListener("error", (event) => channel.send({ kind: "dying", error: errorData((event as ErrorEvent).error) }));
  void serveActor(channel, parts).then(() => scope.close());
}

function scopeChannel(scope: WorkerScope): ActorChannel<ActorEvent, ActorCommand> {
  return {
    // Whoever made the worker ends it; there is no other end of the line.
    closed: new Promise(() => {}),
    send: (event, transfer = []) => scope.postMessage(event, [...transfer]),
    onMessage: (listener) => scope.addEventListener("message", (event) => listener((event as MessageEvent<ActorCommand>).data)),
  };
}

/** Workers of Deno and Bun share the standard output of the job, which may be its result. */
function keepStandardOutput(): void {
  if (!("Deno" in globalThis) && !("Bun" in globalThis)) return;
  for (const name of ["log", "info", "debug", "table", "dir"] as const) console[name] = (...values: unknown[]) => console.error(...values);
}
