import type { ChildProcess } from "node:child_process";
import type { Worker } from "node:worker_threads";
import type { ActorHost } from "@shoal/core";
import type { ActorLine } from "../actor-protocol.ts";
import { actorHost, type ActorHostOptions } from "./actor-host.ts";
import type { WebWorker } from "./web-worker.ts";

/** A worker that the user started; its module calls `serveActors`. */
export type GivenWorker = ChildProcess | Worker | WebWorker;

/** Settings of `givenWorkerHost`. */
export interface GivenWorkerHostOptions extends ActorHostOptions {
  /**
   * Starts the worker of one actor. Outside browsers a process (`forkActor`) is the choice for native models, since it can be killed at
   * any moment; a thread cannot.
   */
  readonly worker: () => GivenWorker;
}

/** Actors in workers that the user starts: for bundles, where only the bundler knows the worker's file. */
export type GivenWorkerHost = (options: GivenWorkerHostOptions) => ActorHost;

/** @param lineTo opens the line to each kind of worker that the runtime has. */
export function hostOfGiven<Known extends GivenWorker>(lineTo: (worker: Known) => ActorLine): GivenWorkerHost {
  return (options) => actorHost("given-worker", () => lineTo(options.worker() as Known), options);
}
