import { loadArrow } from "./arrow-code.ts";
import { batchFromBlock, blockFromBatch } from "./batch.ts";
import { blockRow, type Block, type Row } from "./block.ts";
import type { Backend } from "./backend.ts";
import { notImportable, type AnyDefinition, type PredictorClass, type PredictorDefinition } from "./define-predictor.ts";
import { enterActor } from "./inside-actor.ts";
import { findDefinition } from "./predictor-registry.ts";
import type { ActorContext, ModulePredictorSpec, Predictor, PredictorSpec } from "./predictor.ts";
import { ShoalError } from "./shoal-error.ts";

/** Makes the predictor a spec describes: by a backend, or by importing the user's module. Runs inside an actor. */
export function predictorLoader(backends: readonly Backend[], importModule: (url: string) => Promise<unknown>) {
  return async (spec: PredictorSpec, actor: ActorContext): Promise<Predictor> => {
    if (spec.kind === "module") {
      // Its batches may be Arrow tables.
      const [definition] = await Promise.all([importDefinition(spec, importModule), loadArrow()]);
      return instantiate(spec, definition, actor);
    }
    const backend = backends.find((candidate) => candidate.name === spec.backend);
    if (backend !== undefined) return backend.load(spec, actor);
    throw new ShoalError("unknown-backend", `${spec.name} needs the backend "${spec.backend}"; this actor has ${backends.map((each) => `"${each.name}"`).join(", ") || "none"}.`, {
      hint: "Make the predictor with a function of this version of shoal, or give the actor's entry this backend.", failure: "bug",
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
    enterActor({ onDefined: (url, name) => url === spec.module && name === spec.export && resolve() });
  });
  let failure: unknown;
  const imported = importModule(spec.module).then(() => {}, (error: unknown) => void (failure = error));
  await Promise.race([imported, defined]);
  const definition = findDefinition(spec.module, spec.export);
  if (definition !== undefined) return definition;
  throw notImportable(spec, failure);
}

async function instantiate(spec: ModulePredictorSpec, definition: AnyDefinition, actor: ActorContext): Promise<Predictor> {
  const args = spec.args ?? undefined;
  return predictorOf(spec, await (typeof definition === "function" ? fromClass(definition, args, actor) : fromObject(definition, args, actor)));
}

/** The methods of a predictor of one's own, bound to its state or its instance. */
interface Methods {
  preprocess?(batch: unknown, signal: AbortSignal): unknown;
  cost?(row: Row): number;
  predict(batch: unknown, signal: AbortSignal): unknown;
  postprocess?(result: unknown, signal: AbortSignal): unknown;
  dispose(): Promise<void>;
}

async function fromClass(definition: PredictorClass<unknown, unknown, unknown, unknown, unknown>, args: unknown, actor: ActorContext): Promise<Methods> {
  const instance = new definition(args, actor);
  await instance.setup?.();
  return {
    ...(instance.preprocess && { preprocess: (batch, signal) => instance.preprocess?.(batch, { signal }) }),
    ...(instance.cost && { cost: (row) => instance.cost?.(row as never) ?? 0 }),
    predict: (batch, signal) => instance.predict(batch as object, { signal }),
    ...(instance.postprocess && { postprocess: (result, signal) => instance.postprocess?.(result as object, { signal }) }),
    dispose: async () => instance.dispose?.(),
  };
}

type ErasedDefinition = PredictorDefinition<unknown, unknown, unknown, unknown, unknown, unknown>;

async function fromObject(definition: ErasedDefinition, args: unknown, actor: ActorContext): Promise<Methods> {
  const state = await definition.setup?.(actor, args);
  return {
    ...(definition.preprocess && { preprocess: (batch, signal) => definition.preprocess?.(batch, state, { signal }) }),
    ...(definition.cost && { cost: (row) => definition.cost?.(row as never) as number }),
    predict: (batch, signal) => definition.predict(batch as object, state, { signal }),
    ...(definition.postprocess && { postprocess: (result, signal) => definition.postprocess?.(result as object, state, { signal }) }),
    dispose: async () => definition.dispose?.(state),
  };
}

/** Batches in the user's format on the inside, blocks on the outside. */
function predictorOf(spec: ModulePredictorSpec, methods: Methods): Predictor {
  const given = (block: Block): unknown => batchFromBlock(block, spec.batchFormat);
  const phase = async (block: Block, result: unknown): Promise<Block> => ({ ...blockFromBatch(await result, `predictor "${spec.name}"`), lineage: block.lineage });
  return {
    rows: spec.rows,
    stateful: spec.stateful,
    ...(methods.preprocess && { preprocess: async (block, signal) => phase(block, methods.preprocess?.(given(block), signal)) }),
    ...(methods.cost && { cost: (block) => Array.from({ length: block.rows }, (_, row) => methods.cost?.(blockRow(block, row)) as number) }),
    predict: (batch, signal) => converted(spec, methods.predict(given(batch), signal)),
    ...(methods.postprocess && { postprocess: async (block, signal) => phase(block, methods.postprocess?.(given(block), signal)) }),
    dispose: () => methods.dispose(),
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
