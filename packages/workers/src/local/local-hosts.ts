import type { ActorHost, ConcreteDevice, Resources } from "@shoal/core";
import type { EntryParts } from "../entry-parts.ts";
import type { ForkActor, ProcessHostOptions } from "../hosts/child-process.ts";
import type { GivenWorkerHost } from "../hosts/given-worker.ts";
import type { ServedPredictors } from "../served-predictors.ts";
import type { HostGaps } from "./host-gaps.ts";

/** What `@shoal/workers/local` has in every runtime. The package's import conditions choose the file, and local-hosts.test-d.ts checks them all. */
export interface LocalHosts {
  /** Starts the process of one actor; its module calls `serveActors`. @throws `no-processes` */
  readonly forkActor: ForkActor;
  /** Actors as child processes, whose module is Shoal's own. @throws `no-processes` */
  readonly processHost: (options: ProcessHostOptions) => ActorHost;
  /** Actors in processes, threads or workers that the user starts. */
  readonly givenWorkerHost: GivenWorkerHost;
  /** What the module of Shoal's own actors calls: serves one, whose predictor is found by importing its module. */
  readonly serveLocalActor: (parts: EntryParts) => void;
  /** What the module of a worker that the user starts calls, at its top level: predictors are those given here. */
  readonly serveActors: (served: ServedPredictors, parts: EntryParts) => void;
  /** Devices that there is a sign of; the one that runs every model is last. */
  readonly deviceCandidates: () => readonly ConcreteDevice[] | Promise<readonly ConcreteDevice[]>;
  readonly detectResources: () => Resources | Promise<Resources>;
  /** What a process can't do here. */
  readonly processGaps: HostGaps;
  /** What a thread or worker that the user starts can't do here. */
  readonly workerGaps: HostGaps;
}
