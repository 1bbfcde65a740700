import { failureClass, ShoalError, type Actor, type BatchPolicy, type Block, type ConcreteDevice, type DeclarativePredictorSpec, type JsonObject } from "@shoal/core";
import { lossOf } from "../pool/retry.ts";
import { disagreement } from "./disagreement.ts";
import { tryDevice, type Trial, type TrialLimits, type TriedActor } from "./try-device.ts";

/** One device, with the options that go with it, and what came of trying it. */
export interface DeviceTrial {
  readonly device: ConcreteDevice;
  readonly variant?: JsonObject;
  /** Of all the actors that the pool may have there. */
  readonly rowsPerSecond?: number;
  /** Why it is not taken, however fast: it failed, or its results are others. */
  readonly problem?: string;
  /** That may be otherwise the next time: memory was short, a download broke off, it took too long. */
  readonly passing?: true;
  /** The device lacks something that can be installed. */
  readonly unavailable?: true;
}

export interface MeasureRequest extends Trial {
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
}

/** What is to be used. */
export interface BestDevice {
  readonly device: ConcreteDevice;
  readonly spec: DeclarativePredictorSpec;
  readonly variant?: JsonObject;
  /** It has been started, unless nothing could be measured. */
  readonly actor?: Actor;
}

export interface MeasuredDevices {
  readonly trials: readonly DeviceTrial[];
  readonly best: BestDevice;
  /** It would come out the same another time: nothing failed by accident, and there were results to compare. */
  readonly lasting: boolean;
  /** Every device could be tried; none lacked a driver or a library. */
  readonly complete: boolean;
}

/** The device that says what is right may take its time. */
const noLimits: TrialLimits = { loadMs: Infinity, runMs: Infinity };
/** Others must not keep the run for ever: a driver that hangs while it loads, a first run that compiles without end. */
export const mostLoadMs = 180_000;
const leastRunMs = 20_000;
const slowerThanRight = 4;

export function isGpu(device: ConcreteDevice): boolean {
  return device === "cuda" || device === "webgpu";
}

/**
 * Tries every device on a real block, one after another so that none disturbs the other, and keeps the actor of the fastest that agrees
 * with the results of the last. Where the last one is lost over the block (a row that hangs, say), it is taken unmeasured: the pool knows
 * what to do about that.
 * @throws what the last one's load failed with; `device-unavailable` when none can be used
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
  best: (BestDevice & { readonly actor: Actor; readonly rowsPerSecond: number }) | undefined;

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
    const limits = this.#right === undefined ? noLimits : { loadMs: mostLoadMs, runMs: Math.max(leastRunMs, slowerThanRight * this.#right.ms) };
    let tried: TriedActor;
    try {
      tried = await tryDevice({ spec, policy, device, threads, deviceIndex: isGpu(device) ? deviceIndex : 0 }, block, limits, this.#request);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      this.#error ??= error;
      this.#trials.push({ ...named, problem: ShoalError.from(error).message, ...(isPassing(error) ? { passing: true as const } : {}), ...(lacksSomething(error) ? { unavailable: true as const } : {}) });
      return;
    }
    const rowsPerSecond = tried.rowsPerSecond * actorsAtOnce(device, this.#request);
    const other = this.#right === undefined ? undefined : disagreement(tried.result.block, this.#right.result.block, spec.adds);
    this.#right ??= tried;
    this.#trials.push({ ...named, rowsPerSecond, ...(other === undefined ? {} : { problem: `it gives ${other}` }) });
    await this.#keepFaster({ ...named, spec, actor: tried.actor, rowsPerSecond }, other === undefined);
  }

  async #keepFaster(tried: NonNullable<Measurement["best"]>, agrees: boolean): Promise<void> {
    const eligible = agrees && (!this.#request.gpuOnly || isGpu(tried.device));
    const faster = eligible && (this.best === undefined || tried.rowsPerSecond > this.best.rowsPerSecond);
    const ended = faster ? this.best : tried;
    if (faster) this.best = tried;
    // How it ends is no part of what was measured.
    await Promise.resolve(ended?.actor[Symbol.asyncDispose]()).catch(() => ended?.actor.kill("it did not end well"));
  }

  outcome(): MeasuredDevices {
    const { spec, candidates, gpuOnly } = this.#request;
    const complete = !this.#trials.some(({ unavailable }) => unavailable);
    if (this.best !== undefined) {
      return { trials: this.#trials, best: this.best, complete, lasting: !this.allRowsBad && !this.#trials.some(({ passing }) => passing) };
    }
    const last = candidates.at(-1);
    if (this.#right === undefined && !gpuOnly && last !== undefined && lossOf(this.#error) !== undefined) {
      const [first] = spec.variants ?? [];
      return { trials: this.#trials, complete, lasting: false, best: { device: last, spec: withVariant(spec, first), ...(first === undefined ? {} : { variant: first }) } };
    }
    if (this.#right === undefined && !gpuOnly) throw this.#error;
    const problems = this.#trials.filter(({ device }) => isGpu(device)).map(({ device, problem = "it can't be chosen" }) => `${device}: ${problem}`);
    throw new ShoalError("device-unavailable", `${spec.name} asks for a GPU, and none can be used here. ${problems.join(" ")}`, {
      failure: "bug", hint: "Leave out numGpus, so that it runs on the CPU; shoal doctor says what a GPU needs.",
    });
  }
}

function isPassing(error: unknown): boolean {
  return failureClass(error) === "oom" || lossOf(error) !== undefined || ShoalError.is(error, "download-failed");
}

function lacksSomething(error: unknown): boolean {
  return ShoalError.is(error, "device-unavailable") || ShoalError.is(error, "missing-library");
}

export function withVariant(spec: DeclarativePredictorSpec, variant: JsonObject | undefined): DeclarativePredictorSpec {
  return { ...spec, options: { ...spec.options, ...variant } };
}

/** Actors on CPUs each have cores of their own; those on one GPU share it. */
function actorsAtOnce(device: ConcreteDevice, { maxActors, gpus }: MeasureRequest): number {
  return isGpu(device) ? Math.max(1, Math.min(maxActors, gpus)) : maxActors;
}
