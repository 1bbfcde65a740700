import { rm } from "node:fs/promises";
import { runAgent, type Cluster, type ClusterJob, type CodeBundle, type JobSettings } from "@shoal/cluster";
import type { Coordinator, CoordinatorOptions } from "@shoal/coordinator";
import { silentLogger, systemClock, systemRandom, type Resources } from "@shoal/core";
import { prepareStagePool, type Environment } from "@shoal/executor";
import { travel, type PhysicalOperator } from "@shoal/planner";
import * as agentRuntime from "#agent-runtime";
import { localMachine } from "#platform";
import type { AgentRuntime } from "../agent/agent-runtime.ts";
import { openMachine } from "../platform/open-machine.ts";
import { findModel } from "./find-model.ts";
import { KeptSteps } from "./kept-steps.ts";
import { nameJob } from "./name-job.ts";
import { newFolder, type TakeBack } from "./new-folder.ts";
import { clusterOver } from "./open-cluster.ts";
import { OwnFiles } from "./own-files.ts";
import { SharedJob } from "./shared-job.ts";

export interface ShareOptions extends CoordinatorOptions {
  /** What this machine's own worker may use; what is not declared is detected. */
  readonly resources?: Partial<Resources>;
  /** Predictors of one's own travel as code: to this machine's worker, and to those that allow it. Needs the package rolldown. Default false: they stay with the driver. */
  readonly code?: boolean;
}

/** The worker of this process. */
export const ownWorker = { name: "this-machine", label: "this machine" } as const;

/** A coordinator in this process, with this machine as its first worker. */
export interface Share extends AsyncDisposable {
  /** For `{ on }`. */
  readonly cluster: Cluster;
  readonly coordinator: Coordinator;
}

/**
 * Lets others help with the runs of this process: give `cluster` to a consuming call as `on`, and what `coordinator.link(["work"])` gives to them. With a `folder` a process that
 * was killed goes on with what was done, under the same links; the folder goes once the output is published.
 * @throws what `startCoordinator` throws
 */
export function share(options: ShareOptions = {}): Promise<Share> {
  return shareFor(undefined, options);
}

/** As {@link share}. @param plan what will be run with it first: actors for that start while the coordinator does */
export async function shareFor(plan: PhysicalOperator | undefined, options: ShareOptions): Promise<Share> {
  const { log = silentLogger, code = false } = options;
  const { host, resources, devices } = await openMachine(localMachine, { log, resources: options.resources });
  // After the coordinator nothing is waited for: what it has opened is the caller's to close.
  const [candidates, { coordinator, takeBack }] = await (async () => {
    if (plan !== undefined) prepareActors(plan, { host, resources });
    return [await devices.candidates(), await start(options)] as const;
  })().catch(async (error: unknown) => {
    await host[Symbol.asyncDispose]();
    throw error;
  });
  const own = new OwnFiles(findModel({ log }), coordinator);
  const leaving = new AbortController();
  const keepCode = code ? (agentRuntime as AgentRuntime).keepCode : undefined;
  const agent = runAgent({
    dial: async () => coordinator.openLocalChannel(),
    name: ownWorker.name,
    traits: { label: ownWorker.label, host: "machine", runtime: agentRuntime.runtime(), devices: candidates, cpus: resources.cpus, gpus: resources.gpus, memoryBytes: resources.memory, models: [], runsCode: keepCode !== undefined },
    host,
    resources,
    devices,
    sharesProcess: true,
    clock: systemClock,
    random: systemRandom,
    modelUrl: (model, { key }) => own.placeOf(model, key),
    ...(keepCode !== undefined && { codeUrl: async (bundle: CodeBundle) => keepCode(bundle.sha256, await own.codeOf(bundle)) }),
    signal: leaving.signal,
  });
  const cluster = clusterOver({ dial: async () => coordinator.openLocalChannel(), label: "this coordinator", modelFiles: own.find, ...(code && { bundle: own.bundle }) }, { log, code });
  return new RunningShare(coordinator, cluster, options.folder, takeBack, async () => {
    leaving.abort();
    await agent.ended.catch(() => {});
    await host[Symbol.asyncDispose]();
  });
}

/** Of the first step that travels, for one is computed at a time; and of what is pure data alone: where code goes it is known by another name than here. */
function prepareActors(plan: PhysicalOperator, machine: Pick<Environment, "host" | "resources">): void {
  const [first] = travel(plan, { code: true }).segments;
  if (first?.stage.spec.kind === "declarative") prepareStagePool(first.stage, machine);
}

/** The server's libraries are for those who share. */
async function start(options: CoordinatorOptions): Promise<{ readonly coordinator: Coordinator; readonly takeBack: TakeBack | undefined }> {
  const { startCoordinator } = await import("@shoal/coordinator");
  const takeBack = options.folder === undefined ? undefined : await newFolder(options.folder);
  try {
    return { coordinator: await startCoordinator(options), takeBack };
  } catch (error) {
    // Nothing was done yet: what it has made beside the output would only be taken for an unfinished run.
    await takeBack?.(error);
    throw error;
  }
}

class RunningShare implements Share {
  readonly coordinator: Coordinator;
  readonly cluster: Cluster;
  readonly #folder: string | undefined;
  readonly #takeBack: TakeBack | undefined;
  readonly #endWorker: () => Promise<void>;
  /** Nothing is left to be continued. */
  #isPublished = false;
  #resumes = false;

  constructor(coordinator: Coordinator, cluster: Cluster, folder: string | undefined, takeBack: TakeBack | undefined, endWorker: () => Promise<void>) {
    this.coordinator = coordinator;
    this.#folder = folder;
    this.#takeBack = takeBack;
    this.#endWorker = endWorker;
    this.cluster = {
      get name() {
        return cluster.name;
      },
      get takesCode() {
        return cluster.takesCode === true;
      },
      openJob: async (settings: JobSettings): Promise<ClusterJob> => {
        this.#isPublished = false;
        this.#resumes = settings.resume === true;
        // Only a folder outlives this process; without one a job may well be run twice.
        const identity = settings.identity ?? (folder === undefined ? undefined : await nameJob(settings));
        // What changed is only told to who counts on what was done; and no run fails for it.
        const changes = folder === undefined || identity === undefined || settings.plan === undefined ? undefined : await new KeptSteps(folder).note(identity, settings.plan).catch(() => undefined);
        if (settings.resume === true && changes !== undefined) settings.onNotice(`What an earlier run has done is not of these steps: ${changes.join(" ")}`);
        const named = await cluster.openJob({ ...settings, ...(identity !== undefined && { identity }) });
        return new SharedJob(named, identity === undefined ? undefined : () => cluster.openJob(settings), {
          by: cluster.name,
          // Of the other segments no row is in the output yet.
          rows: () => coordinator.gateway.snapshot().jobs.find(({ job }) => job === identity)?.rowsDone,
        }, () => void (this.#isPublished = true));
      },
      [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A run that was to go on, and was refused: what it has made would be taken for an unfinished one, and stand in the way of the right one.
    const isRefused = this.#resumes && this.coordinator.gateway.snapshot().jobs.length === 0;
    try {
      await this.cluster[Symbol.asyncDispose]();
    } finally {
      try {
        // What is not published can be continued, and other workers wait for that.
        await this.coordinator.close({ again: this.#folder !== undefined && !this.#isPublished && !isRefused });
      } finally {
        await this.#endWorker();
      }
    }
    if (isRefused) await this.#takeBack?.(undefined);
    if (this.#isPublished && this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }
}
