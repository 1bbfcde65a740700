import { fork, type ChildProcess } from "node:child_process";
import type { ActorHost, PredictorSpec } from "@shoal/core";
import type { ActorEvent, ActorLine } from "../actor-protocol.ts";
import { nodeFlags } from "../node/node-flags.ts";
import { actorHost, type ActorHostOptions } from "./actor-host.ts";

/** How the process of an actor is started. */
export interface ForkOptions {
  /** Flags for the actor's Node, besides those of this process that decide how modules load. */
  readonly execArgv?: readonly string[];
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Settings of {@link nodeProcessHost}. */
export interface NodeProcessHostOptions extends ActorHostOptions, ForkOptions {
  /** The module that an actor's process runs: it calls `serveNodeActor`. */
  readonly entry: URL;
}

/** Actors as child processes of Node: they can be killed at any moment, and end when this process does, however it ends. */
export function nodeProcessHost(options: NodeProcessHostOptions): ActorHost {
  const open = ({ spec }: { spec: PredictorSpec }): ActorLine =>
    processLine(forkActor(options.entry, { ...options, ...(spec.kind === "module" ? { module: spec.module } : {}) }));
  return actorHost("node-process", open, { ...options, argv: process.argv });
}

/**
 * Starts the process of one actor. Its output goes to this process's standard error, since standard output may be the job's result.
 * @param options.module The user's module it will import, which may be TypeScript.
 */
export function forkActor(entry: URL, options: ForkOptions & { readonly module?: string } = {}): ChildProcess {
  return fork(entry, {
    serialization: "advanced",
    stdio: ["ignore", 2, 2, "ipc"],
    execArgv: nodeFlags([entry.href, ...(options.module === undefined ? [] : [options.module])], options.execArgv),
    env: { ...process.env, ...thrift(process.env), ...options.env },
  });
}

/**
 * Actors come in numbers, so each holds little that it does not need: smaller semi-spaces for what lives shortly, and few arenas of
 * glibc's malloc, whose freed memory stays with their threads. Measured, images in two actors: 10 % less memory, no slower. What the
 * user has set stands; other runtimes than Node and other systems than Linux read neither.
 */
function thrift({ NODE_OPTIONS = "", MALLOC_ARENA_MAX = "2" }: NodeJS.ProcessEnv): Record<string, string> {
  return { MALLOC_ARENA_MAX, NODE_OPTIONS: NODE_OPTIONS.includes("--max-semi-space-size") ? NODE_OPTIONS : `${NODE_OPTIONS} --max-semi-space-size=8`.trim() };
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
  return {
    closed,
    // Without a callback, a message to a process that is gone becomes an error event; `closed` tells it better.
    send: (command) => void (child.connected && child.send(command, () => {})),
    onMessage: (listener) => void child.on("message", (event) => listener(event as ActorEvent)),
    kill: () => void child.kill("SIGKILL"),
  };
}
