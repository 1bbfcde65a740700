import { ShoalError, type ActorHost, type Clock, type ConcreteDevice, type Devices } from "@shoal/core";
import { isStateful, type SegmentPlan } from "@shoal/planner";
import { chooseDevice } from "../device/choose-device.ts";
import type { Environment } from "../environment.ts";
import { ActorPool } from "./actor-pool.ts";
import type { BlockPool, BlockPoolRun } from "./block-pool.ts";
import { fitActors, type PoolFit } from "./fit-actors.ts";
import type { StageDevice } from "../resume/run-ledger.ts";
import type { PoolSettings } from "./pool-settings.ts";

/** What the actors of this machine are started with. */
export interface ActorPoolParts {
  readonly host: ActorHost;
  readonly clock: Clock;
  readonly fit: PoolFit;
  /** To choose from where the plan says "auto". Without it the actors choose. */
  readonly devices?: Devices | undefined;
  readonly gpus: number;
  /** Told what the actors are started with: again for each of them. */
  readonly onDevice?: (chosen: StageDevice) => void;
}

/** A pool of actors on this machine. */
export function openActorPool(stage: SegmentPlan, parts: ActorPoolParts, run: BlockPoolRun): BlockPool {
  const { fit, host, clock } = parts;
  return new ActorPool({
    ...fit,
    ...(isStateful(stage.spec) ? { minActors: 1, maxActors: 1 } : {}),
    spec: stage.spec, policy: stage.policy, device: stage.device, maxAttempts: stage.maxAttempts, host, clock, ...run,
    ...watched(stage, parts, run),
    ...(stage.timeoutMs === undefined ? {} : { timeoutMs: stage.timeoutMs }),
    ...(stage.recycleAfterBatches === undefined ? {} : { recycleAfterBatches: stage.recycleAfterBatches }),
  });
}

/**
 * A pool of actors on this machine for a stage that stands alone: as many actors as fit.
 * @throws `resources-do-not-fit`
 */
export function openStagePool(stage: SegmentPlan, { host, clock, resources, devices }: Pick<Environment, "host" | "resources" | "devices"> & { readonly clock: Clock }, run: BlockPoolRun): BlockPool {
  const [fit] = fitActors([{ ...stage, name: stage.spec.name }], resources);
  return openActorPool(stage, { host, clock, devices, gpus: resources.gpus, fit: fit as PoolFit }, run);
}

/** What {@link openStagePool} will start its actors with begins already. A stage that doesn't fit is told so there. */
export function prepareStagePool(stage: SegmentPlan, { host, resources }: Pick<Environment, "host" | "resources">): void {
  if (host.prepare === undefined) return;
  try {
    const [fit] = fitActors([{ ...stage, name: stage.spec.name }], resources);
    host.prepare(stage.spec, (fit as PoolFit).minActors);
  } catch (error) {
    if (!ShoalError.is(error, "resources-do-not-fit")) throw error;
  }
}

/** The pool's events and its choice, with what they say about the device passed on. */
function watched(stage: SegmentPlan, parts: ActorPoolParts, run: BlockPoolRun): Pick<PoolSettings, "chooseDevice" | "onEvent"> {
  const { onDevice } = parts;
  const { chooseDevice } = chooser(stage, parts, run);
  if (onDevice === undefined) return { onEvent: run.onEvent, ...(chooseDevice && { chooseDevice }) };
  let variant: StageDevice["variant"];
  return {
    onEvent: (event) => {
      if (event.kind === "actor-started") onDevice({ device: event.device as ConcreteDevice, ...(variant && { variant }) });
      run.onEvent(event);
    },
    ...(chooseDevice && {
      chooseDevice: async (block, signal) => {
        const chosen = await chooseDevice(block, signal);
        variant = chosen.variant;
        return chosen;
      },
    }),
  };
}

/** Only predictors that are pure data are tried: setting up one of the user's own may do anything. */
function chooser(stage: SegmentPlan, { devices, host, fit, gpus, clock }: ActorPoolParts, { onEvent }: BlockPoolRun): Pick<PoolSettings, "chooseDevice"> {
  const { spec, device, policy, numGpus } = stage;
  if (devices === undefined || spec.kind !== "declarative" || (device !== "auto" && spec.variants === undefined)) return {};
  return {
    chooseDevice: (block, signal) =>
      chooseDevice({
        devices, host, clock, spec, policy, gpus, signal, block, timeoutMs: stage.timeoutMs,
        ...(device === "auto" ? {} : { device }),
        threads: fit.threads, maxActors: fit.maxActors, deviceIndex: fit.deviceIndexes[0] ?? 0, gpuOnly: numGpus > 0 && device === "auto",
        onNotice: (message) => onEvent({ kind: "notice", message }),
        onTrying: (candidates) => onEvent({ kind: "notice", message: `${spec.name}: trying ${candidates.join(", ")} on the first rows.` }),
      }),
  };
}
