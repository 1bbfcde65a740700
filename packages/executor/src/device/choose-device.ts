import type { Actor, Block, ConcreteDevice, DeclarativePredictorSpec, Devices, JsonObject } from "@shoal/core";
import { formatCount } from "../stats/format-quantity.ts";
import { loadWatched } from "./try-device.ts";
import { orAborted } from "../streams/abort.ts";
import { isGpu, measureDevices, mostLoadMs, withVariant, type DeviceTrial, type MeasureRequest } from "./measure-devices.ts";

/** What a pool that was asked for `"auto"` is to use. */
export interface ChosenDevice {
  readonly device: ConcreteDevice;
  readonly spec: DeclarativePredictorSpec;
  /** The options of the predictor that were tried with the device, where it has several. */
  readonly variant?: JsonObject;
  /** It has been started already. */
  readonly actor?: Actor;
  /** For the report; where there was a choice. */
  readonly why?: string;
}

export interface ChoiceRequest extends Omit<MeasureRequest, "candidates" | "block"> {
  readonly devices: Devices;
  /** Where the user has named one; then only the variants are tried. */
  readonly device?: ConcreteDevice;
  /** Called before anything is tried, with what will be. */
  readonly onTrying: (candidates: readonly ConcreteDevice[]) => void;
  /** The first block of the run. */
  readonly block: () => Promise<Block>;
}

interface Remembered {
  readonly device: ConcreteDevice;
  readonly variant?: JsonObject;
  readonly why: string;
}

/** A driver or library that a device lacks may be installed meanwhile: what was chosen without it does not count for ever. */
const withoutDeviceMs = 3_600_000;

/** Answers `device: "auto"`: by what there is only one of, by what was measured before, or by measuring. */
export async function chooseDevice(request: ChoiceRequest): Promise<ChosenDevice> {
  const { devices, spec, gpuOnly } = request;
  const candidates = request.device === undefined ? await orAborted(devices.candidates(), request.signal) : [request.device];
  const only = candidates.length === 1 ? candidates[0] : undefined;
  if (only !== undefined && spec.variants === undefined && !gpuOnly) return { device: only, spec };
  // Batch sizes decide as much as the model: a GPU that wins with 1,024 rows loses with one.
  const key = JSON.stringify([spec.backend, spec.task, spec.model, spec.options, spec.variants ?? null, candidates, request.policy, request.maxActors, request.threads, gpuOnly]);
  const before = await recalled(request, key, candidates);
  if (before !== undefined) return before;
  const block = await request.block();
  request.onTrying(candidates);
  const { trials, best, lasting, complete } = await measureDevices({ ...request, candidates, block });
  const why = formatTrials(trials, best);
  const { device, variant } = best;
  const withIt = variant === undefined ? {} : { variant };
  if (lasting) await devices.remember?.(key, JSON.stringify({ device, why, ...withIt } satisfies Remembered), ...(complete ? [] : [withoutDeviceMs]));
  return { device, spec: best.spec, why, ...withIt, ...(best.actor === undefined ? {} : { actor: best.actor }) };
}

/** What was chosen before and can still be started; whatever else is remembered counts for nothing. */
async function recalled(request: ChoiceRequest, key: string, candidates: readonly ConcreteDevice[]): Promise<ChosenDevice | undefined> {
  const { devices, signal, spec, policy, threads, deviceIndex } = request;
  const text = await orAborted(Promise.resolve(devices.recall?.(key)), signal);
  if (text === undefined) return undefined;
  try {
    const { device, variant, why } = JSON.parse(text) as Remembered;
    if (!candidates.includes(device)) return undefined;
    const own = withVariant(spec, variant);
    const limitMs = device === candidates.at(-1) ? Infinity : mostLoadMs;
    const actor = await loadWatched({ spec: own, policy, device, threads, deviceIndex: isGpu(device) ? deviceIndex : 0 }, limitMs, request);
    return { device, spec: own, actor, ...(variant === undefined ? {} : { variant }), why: `${why}; measured before` };
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** `webgpu is fastest: webgpu 812 rows/s, cpu 411 rows/s; cuda: It needs …` */
function formatTrials(trials: readonly DeviceTrial[], best: Pick<DeviceTrial, "device" | "variant">): string {
  const fast = trials.filter((trial) => trial.problem === undefined).toSorted((a, b) => (b.rowsPerSecond ?? 0) - (a.rowsPerSecond ?? 0));
  const speeds = fast.map((trial) => `${nameOf(trial)} ${formatCount(trial.rowsPerSecond ?? 0)} rows/s`).join(", ");
  const problems = trials.flatMap((trial) => (trial.problem === undefined ? [] : [`; ${nameOf(trial)}: ${trial.problem.replace(/\.$/, "")}`]));
  if (fast.length === 0) return `${nameOf(best)}, not measured${problems.join("")}`;
  return `${nameOf(best)} is ${fast.length > 1 ? "the fastest" : "what can be used"}: ${speeds}${problems.join("")}`;
}

function nameOf({ device, variant }: Pick<DeviceTrial, "device" | "variant">): string {
  return [device, ...Object.values(variant ?? {}).map(String)].join(" ");
}
