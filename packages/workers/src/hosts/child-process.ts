import { fork, type ChildProcess } from "node:child_process";
import type { ActorHost, PredictorSpec } from "@shoal/core";
import type { ActorEvent, ActorLine } from "../actor-protocol.ts";
import { actorHost, type ActorHostOptions } from "./actor-host.ts";
import { SpareLines } from "./spare-lines.ts";

/** How the process of an actor is started. */
export interface ForkOptions {
  /** Flags for the actor's runtime, besides those of this process that decide how modules load. */
  readonly execArgv?: readonly string[];
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** The user's module it will import, which may be TypeScript. */
  readonly module?: string;
}

/**
 * Starts the process of one actor; its module calls `serveActors`. Its output goes to this process's standard error, since standard
 * output may be the job's result.
 */
export type ForkActor = (entry: URL, options?: ForkOptions) => ChildProcess;

/** What a runtime adds to the processes of its actors. */
export interface ForkSettings {
  /** The flags with which they load modules as this process does: those of the given URLs among them. */
  readonly flags: (modules: readonly string[], own?: readonly string[]) => readonly string[];
  readonly env?: (own: NodeJS.ProcessEnv) => Readonly<Record<string, string>>;
}

export function actorForker({ flags, env = () => ({}) }: ForkSettings): ForkActor {
  return (entry, options = {}) =>
    fork(entry, {
      serialization: "advanced",
      stdio: ["ignore", 2, 2, "ipc"],
      execArgv: [...flags([entry.href, ...(options.module === undefined ? [] : [options.module])], options.execArgv)],
      // By SHOAL_ACTOR_OF a process knows that it is an actor's, and nothing besides.
      env: { ...process.env, ...env(process.env), ...options.env, SHOAL_ACTOR_OF: String(process.pid) },
    });
}

/** Settings of a host of child processes. */
export interface ProcessHostOptions extends ActorHostOptions, Omit<ForkOptions, "module"> {
  /** The module that an actor's process runs: it calls `serveLocalActor`. */
  readonly entry: URL;
}

/** Actors as child processes: they can be killed at any moment, and end when this process does, however it ends. */
export function childProcessHost(forkActor: ForkActor, options: ProcessHostOptions): ActorHost {
  const spares = new SpareLines();
  const open = (module: string | undefined): ActorLine => processLine(forkActor(options.entry, { ...options, ...(module !== undefined && { module }) }));
  const host = actorHost("child-process", ({ spec }) => spares.take(moduleOf(spec) ?? "") ?? open(moduleOf(spec)), { ...options, argv: process.argv });
  return {
    ...host,
    prepare: (spec, actors) => spares.add(moduleOf(spec) ?? "", actors, () => open(moduleOf(spec))),
    async [Symbol.asyncDispose]() {
      await Promise.all([host[Symbol.asyncDispose](), spares[Symbol.asyncDispose]()]);
    },
  };
}

/** A process is started with what its predictor's module wants to be loaded with; all others are alike. */
function moduleOf(spec: PredictorSpec): string | undefined {
  return spec.kind === "module" ? spec.module : undefined;
}

/** How long a process may live on after it closed its end, and how long its last messages may take after its exit. */
const graceMs = 500;

/** The host's end of the line to a forked process. */
export function processLine(child: ChildProcess): ActorLine {
  const closed = new Promise<string>((resolve) => {
    child.on("error", (error) => child.pid === undefined && resolve(`could not be started: ${error.message}`));
    child.once("disconnect", () => {
      const stuck = setTimeout(() => child.kill("SIGKILL"), graceMs);
      child.once("exit", () => clearTimeout(stuck));
      stuck.unref();
    });
    child.once("exit", (code, signal) => {
      const finish = (): void => resolve(signal ?? `exit code ${code}`);
      // Its last words may still lie in the channel.
      if (!child.connected) return finish();
      const patience = setTimeout(finish, graceMs);
      child.once("disconnect", () => {
        clearTimeout(patience);
        finish();
      });
    });
  });
  // One that nobody listens to yet may say its last words.
  const early: ActorEvent[] = [];
  let hear = (event: ActorEvent): unknown => early.push(event);
  child.on("message", (event) => hear(event as ActorEvent));
  return {
    closed,
    // Without a callback, a message to a process that is gone becomes an error event; `closed` tells it better.
    send: (command) => void (child.connected && child.send(command, () => {})),
    onMessage(listener) {
      hear = listener;
      for (const event of early.splice(0)) listener(event);
    },
    kill: () => void child.kill("SIGKILL"),
  };
}
