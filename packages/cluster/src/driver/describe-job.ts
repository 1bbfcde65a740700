import { ShoalError, type Clock } from "@shoal/core";
import { segmentPlan, type SegmentPlan, type TravellingSegment } from "@shoal/planner";
import type { JobDescription, SegmentDescription } from "../connection/messages.ts";
import type { JobSettings } from "./cluster.ts";
import { expectedBlocks } from "./expected-blocks.ts";
import { codeBundleOf, manifestOf, type BundlePredictor, type FindModel, type TravellingFile } from "./travelling-file.ts";

/** A source that must read all of its rows to count them is not waited for. */
const countingMs = 1_000;

export interface DescribeParts {
  readonly clock: Clock;
  readonly modelFiles?: FindModel | undefined;
  readonly bundle?: BundlePredictor | undefined;
}

export interface DescribedSettings extends JobSettings {
  /** Another run may continue it by its name. */
  readonly isNamed: boolean;
  /** The run goes on in the middle of its input. */
  readonly isPartial: boolean;
}

/** A job as it travels, and the files that go with it. */
export interface DescribedJob {
  readonly description: JobDescription;
  /** By SHA-256. */
  readonly files: ReadonlyMap<string, TravellingFile>;
}

/** @throws what reading models and bundling code throw. */
export async function describeJob(job: string, settings: DescribedSettings, travelling: readonly TravellingSegment[], parts: DescribeParts): Promise<DescribedJob> {
  const files = new Map<string, TravellingFile>();
  const segments: SegmentDescription[] = [];
  // While files are looked at.
  const counting = countBlocks(travelling, parts.clock, settings);
  for (const segment of travelling) segments.push(await describeSegment(segment, parts, settings.signal, files));
  for (const [at, blocks] of (await counting).entries()) if (blocks !== undefined) segments[at] = { ...(segments[at] as SegmentDescription), expectedBlocks: blocks };
  const columns = new Set(segments.flatMap(({ plan: { spec } }) => (spec.kind === "declarative" ? spec.reads : [])));
  const { name, note, priority = 0, weight = 1, volunteers, isNamed } = settings;
  return { description: { job, name, about: { columns: [...columns], ...(note !== undefined && { note }) }, segments, priority, weight, volunteers, ...(!isNamed && { passing: true }) }, files };
}

async function countBlocks(travelling: readonly TravellingSegment[], clock: Clock, { signal, isPartial }: Pick<DescribedSettings, "signal" | "isPartial">): Promise<readonly (number | undefined)[]> {
  if (isPartial) return [];
  const over = new AbortController();
  const limit = AbortSignal.any([signal, over.signal]);
  const counted = Promise.all(travelling.map(({ stage }) => expectedBlocks(stage, limit)));
  try {
    return await Promise.race([counted, clock.sleep(countingMs, limit).then(() => [], () => [])]);
  } finally {
    over.abort();
  }
}

async function describeSegment({ stage, name }: TravellingSegment, parts: DescribeParts, signal: AbortSignal, files: Map<string, TravellingFile>): Promise<SegmentDescription> {
  const plan = segmentPlan(stage);
  if (plan.spec.kind === "module") {
    if (parts.bundle === undefined) throw new ShoalError("nothing-travels", `${name} is a predictor of your own, and this connection takes no code.`, { failure: "bug", hint: "Connect with connect(link, { code: true })." });
    const bundle = await parts.bundle(plan.spec, signal);
    files.set(bundle.sha256, bundle);
    return { name, plan: withoutPaths(plan), code: codeBundleOf(bundle) };
  }
  const model = await parts.modelFiles?.(plan.spec, signal);
  if (model === undefined) return { name, plan };
  for (const file of model.files) files.set(file.sha256, file);
  return { name, plan: withoutPaths(plan), model: await manifestOf(model) };
}

/** Where files lie here is of no use elsewhere, and nobody's business. */
function withoutPaths(plan: SegmentPlan): SegmentPlan {
  const { spec } = plan;
  if (spec.kind === "module") return { ...plan, spec: { ...spec, module: lastName(spec.module) } };
  return { ...plan, spec: { ...spec, model: lastName(spec.model) } };
}

/** Ids of a hub and addresses on the web stay as they are. */
function lastName(place: string): string {
  if (/^data:/i.test(place)) return place.split("#")[1] || "model";
  if (!/^(file:|[./\\]|[A-Za-z]:[\\/])/i.test(place)) return place;
  return place.split(/[/\\]/).findLast((part) => part !== "" && part !== ".") ?? "model";
}
