import { ShoalError, type Actor, type BatchPolicy, type Block, type ConcreteDevice, type DeclarativePredictorSpec, type JsonObject } from "@shoal/core";
import { disagreement } from "./agreement.ts";
import { tryDevice, type Trial, type TriedActor } from "./try-device.ts";

/** One device, with the options that go with it, and what came of trying it. */
export interface DeviceTrial {
  readonly device: ConcreteDevice;
  readonly variant?: JsonObject;
  /** Of all the actors that the pool may have there. */
  readonly rowsPerSecond?: number;
  /** Why it is not taken, however fast: it failed, or its results are others. */
  readonly problem?: string;
}

export interface MeasureRequest extends Omit<Trial, "limitMs"> {
  /** Those worth trying; the results of the last are taken for right. */
  readonly candidates: readonly ConcreteDevice[];
  readonly spec: DeclarativePredictorSpec;
  readonly policy: BatchPolicy;
  readonly threads: number;
  readonly deviceIndex: number;
  /** How many actors the pool may have, and over how many GPUs they would be spread. */
  readonly maxActors: number;
  readonly gpus: number;
  /** The pool has asked for GPUs: what is right may be said by a device that can't be chosen. */
  readonly gpuOnly: boolean;
  readonly block: Block;
  /** What the user gives one batch; trying the first device may take no longer. */
  readonly timeoutMs?: number | undefined;
}

/** The trials, and the actor that is to stay. */
export interface MeasuredDevices {
  readonly trials: readonly DeviceTrial[];
  readonly best: { readonly device: ConcreteDevice; readonly spec: DeclarativePredictorSpec; readonly variant?: JsonObject; readonly actor: Actor };
}

/** What is not done by then is not the fastest: loading and compiling for a GPU may take a while, for ever it must not. */
const leastLimitMs = 20_000;
const slowerThanRight = 4;

export function isGpu(device: ConcreteDevice): boolean {
  return device === "cuda" || device === "webgpu";
}

/**
 * Tries every device on a real block, one after another so that none disturbs the other, and keeps the actor of the fastest that agrees
 * with the results of the last.
 * @throws what the last one's start failed with; `device-unavailable` when none can be used
 */
export async function measureDevices(request: MeasureRequest): Promise<MeasuredDevices> {
  const measurement = new Measurement(request);
  try {
    // What is right comes first. Where the device for every model can't do it, the others are spared: their errors would say less.
    for (const device of request.candidates.toReversed()) {
      for (const variant of request.spec.variants ?? [undefined]) await measurement.add(device, variant);
      if (!measurement.knowsRight && !request.gpuOnly) break;
      if (measurement.allRowsBad) break;
    }
    return measurement.outcome();
  } catch (error) {
    await measurement.best?.actor.kill("the run ended").catch(() => {});
    throw error;
  }
}

class Measurement {
  readonly #request: MeasureRequest;
  readonly #trials: DeviceTrial[] = [];
  #right: TriedActor | undefined;
  #error: unknown;
  best: (MeasuredDevices["best"] & { readonly rowsPerSecond: number }) | undefined;

  constructor(request: MeasureRequest) {
    this.#request = request;
  }

  get knowsRight(): boolean {
    return this.#right !== undefined;
  }

  /** Nothing can be compared then. */
  get allRowsBad(): boolean {
    return this.#right?.result.block.rows === 0;
  }

  /** @throws only when the run is over. */
  async add(device: ConcreteDevice, variant: JsonObject | undefined): Promise<void> {
    const { policy, threads, deviceIndex, block, signal } = this.#request;
    const named = { device, ...(variant === undefined ? {} : { variant }) };
    const spec = withVariant(this.#request.spec, variant);
    const limitMs = this.#right === undefined ? (this.#request.timeoutMs ?? Infinity) : Math.max(leastLimitMs, slowerThanRight * this.#right.ms);
    try {
      const tried = await tryDevice({ spec, policy, device, threads, deviceIndex: isGpu(device) ? deviceIndex : 0 }, block, { ...this.#request, limitMs });
      const rowsPerSecond = tried.rowsPerSecond * actorsAtOnce(device, this.#request);
      const other = this.#right === undefined ? undefined : disagreement(tried.result.block, this.#right.result.block, spec.adds);
      this.#right ??= tried;
      this.#trials.push({ ...named, rowsPerSecond, ...(other === undefined ? {} : { problem: `it gives ${other}` }) });
      await this.#keepFaster({ ...named, spec, actor: tried.actor, rowsPerSecond }, other === undefined);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      this.#error ??= error;
      this.#trials.push({ ...named, problem: ShoalError.from(error).message });
    }
  }

  async #keepFaster(tried: NonNullable<Measurement["best"]>, agrees: boolean): Promise<void> {
    const eligible = agrees && (!this.#request.gpuOnly || isGpu(tried.device));
    const faster = eligible && (this.best === undefined || tried.rowsPerSecond > this.best.rowsPerSecond);
    const ended = faster ? this.best : tried;
    if (faster) this.best = tried;
    await ended?.actor[Symbol.asyncDispose]();
  }

  outcome(): MeasuredDevices {
    if (this.best !== undefined) return { trials: this.#trials, best: this.best };
    if (this.#right === undefined) throw this.#error;
    const problems = this.#trials.filter(({ device }) => isGpu(device)).map(({ device, problem = "it can't be chosen" }) => `${device}: ${problem}`);
    throw new ShoalError("device-unavailable", `${this.#request.spec.name} asks for a GPU, and none can be used here. ${problems.join(" ")}`, {
      failure: "bug", hint: "Leave out numGpus, so that it runs on the CPU; shoal doctor says what a GPU needs.",
    });
  }
}

export function withVariant(spec: DeclarativePredictorSpec, variant: JsonObject | undefined): DeclarativePredictorSpec {
  return { ...spec, options: { ...spec.options, ...variant } };
}

/** Actors on CPUs each have cores of their own; those on one GPU share it. */
function actorsAtOnce(device: ConcreteDevice, { maxActors, gpus }: MeasureRequest): number {
  return isGpu(device) ? Math.max(1, Math.min(maxActors, gpus)) : maxActors;
}
