import { batchFromBlock, blockFromBatch, type BatchFormat } from "./batch.ts";
import { blockRow, type Block } from "./block.ts";
import type { Backend } from "./backend.ts";
import { findDefinition, notImportable, type AnyDefinition, type PredictorClass, type PredictorDefinition } from "./define-predictor.ts";
import { enterActor } from "./inside-actor.ts";
import type { ActorContext, ModulePredictorSpec, Predictor, PredictorSpec } from "./predictor.ts";
import { ShoalError } from "./shoal-error.ts";

/** Makes the predictor a spec describes: by a backend, or by importing the user's module. Runs inside an actor. */
export function predictorLoader(backends: readonly Backend[], importModule: (url: string) => Promise<unknown>) {
  return async (spec: PredictorSpec, actor: ActorContext): Promise<Predictor> => {
    if (spec.kind === "module") return instantiate(spec, await importDefinition(spec, importModule), actor);
    const backend = backends.find((candidate) => candidate.name === spec.backend);
    if (backend !== undefined) return backend.load(spec, actor);
    throw new ShoalError("unknown-backend", `${spec.name} needs the backend "${spec.backend}"; this actor has ${backends.map((each) => `"${each.name}"`).join(", ") || "none"}.`, {
      failure: "bug",
    });
  };
}

/**
 * The module may be the job itself, whose top level consumes a dataset: then the import rejects with `job-in-actor` or never settles,
 * but the definition is registered by then, and that is all that is needed.
 */
async function importDefinition(spec: ModulePredictorSpec, importModule: (url: string) => Promise<unknown>): Promise<AnyDefinition> {
  const known = findDefinition(spec.module, spec.export);
  if (known !== undefined) return known;
  const defined = new Promise<void>((resolve) => {
    enterActor({ onDefined: (_url, name) => name === spec.export && resolve() });
  });
  let failure: unknown;
  const imported = importModule(spec.module).then(() => {}, (error: unknown) => void (failure = error));
  await Promise.race([imported, defined]);
  const definition = findDefinition(spec.module, spec.export);
  if (definition !== undefined) return definition;
  throw notImportable(spec, failure);
}

function instantiate(spec: ModulePredictorSpec, definition: AnyDefinition, actor: ActorContext): Promise<Predictor> {
  return typeof definition === "function" ? fromClass(spec, definition, actor) : fromObject(spec, definition, actor);
}

async function fromClass(spec: ModulePredictorSpec, definition: PredictorClass<unknown, unknown, unknown>, actor: ActorContext): Promise<Predictor> {
  const instance = new definition(spec.args ?? undefined, actor);
  await instance.setup?.();
  return {
    rows: spec.rows,
    stateful: spec.stateful,
    predict: (batch, signal) => converted(spec, instance.predict(batchFromBlock(batch, spec.batchFormat), { signal })),
    dispose: async () => instance.dispose?.(),
  };
}

type ErasedDefinition = PredictorDefinition<unknown, unknown, unknown, unknown, unknown, unknown>;

async function fromObject(spec: ModulePredictorSpec, definition: ErasedDefinition, actor: ActorContext): Promise<Predictor> {
  const state = await definition.setup?.(actor, spec.args ?? undefined);
  const phase = async (block: Block, step: (batch: unknown, format: BatchFormat) => unknown): Promise<Block> =>
    withLineage(blockFromBatch(await step(batchFromBlock(block, spec.batchFormat), spec.batchFormat), `predictor "${spec.name}"`), block);
  return {
    rows: spec.rows,
    stateful: spec.stateful,
    ...(definition.preprocess && { preprocess: (block, signal) => phase(block, (batch) => definition.preprocess?.(batch, state, { signal })) }),
    ...(definition.cost && { cost: (block) => Array.from({ length: block.rows }, (_, row) => definition.cost?.(blockRow(block, row) as never) ?? 0) }),
    predict: (batch, signal) => converted(spec, definition.predict(batchFromBlock(batch, spec.batchFormat), state, { signal })),
    ...(definition.postprocess && { postprocess: (block, signal) => phase(block, (batch) => definition.postprocess?.(batch, state, { signal })) }),
    dispose: async () => definition.dispose?.(state),
  };
}

function converted(spec: ModulePredictorSpec, result: unknown): Promise<Block> | AsyncIterable<Block> {
  const who = `predictor "${spec.name}"`;
  if (typeof result === "object" && result !== null && Symbol.asyncIterator in result) {
    return convertedStream(result as AsyncIterable<unknown>, who);
  }
  return Promise.resolve(result).then((value) => blockFromBatch(value, who));
}

async function* convertedStream(results: AsyncIterable<unknown>, who: string): AsyncGenerator<Block> {
  for await (const result of results) yield blockFromBatch(result, who);
}

function withLineage(block: Block, from: Block): Block {
  return { ...block, lineage: from.lineage };
}
