import { ShoalError } from "@shoal/core";
import { errorData, type ActorChannel, type ActorCommand, type ActorEvent } from "./actor-protocol.ts";
import { serveActor, type ActorParts } from "./actor-server.ts";
import { holdLifeLock } from "./worker-life.ts";

interface WorkerScope {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: string, listener: (event: Event) => void): void;
  close(): void;
}

/** Serves one actor from a worker of a browser, Deno or Bun to whoever started it. */
export function serveScope(parts: ActorParts): void {
  const scope = globalThis as unknown as WorkerScope;
  const channel = scopeChannel(scope);
  const locked = holdLifeLock(channel);
  scope.addEventListener("unhandledrejection", (event) => {
    const { reason } = event as PromiseRejectionEvent;
    // The body of a script goes on after its import: it was told that this is no place to consume a dataset, and that is all.
    if (ShoalError.is(reason, "job-in-actor")) return event.preventDefault();
    channel.send({ kind: "dying", error: errorData(reason) });
  });
  scope.addEventListener("error", (event) => channel.send({ kind: "dying", error: errorData((event as ErrorEvent).error) }));
  // Whoever is told of an actor will know of its end.
  const load: ActorParts["load"] = async (...request) => {
    await locked;
    return parts.load(...request);
  };
  void serveActor(channel, { ...parts, load }).then(() => scope.close());
}

function scopeChannel(scope: WorkerScope): ActorChannel<ActorEvent, ActorCommand> {
  return {
    // Whoever made the worker ends it; there is no other end of the line.
    closed: new Promise(() => {}),
    send: (event, transfer = []) => scope.postMessage(event, [...transfer]),
    onMessage: (listener) => scope.addEventListener("message", (event) => listener((event as MessageEvent<ActorCommand>).data)),
  };
}

/** Serves one actor from a worker that shares the standard output of the job, which may be its result. */
export function serveSharedConsole(parts: ActorParts): void {
  for (const name of ["log", "info", "debug", "table", "dir"] as const) console[name] = (...values: unknown[]) => console.error(...values);
  serveScope(parts);
}
