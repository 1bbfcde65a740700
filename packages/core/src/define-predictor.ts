import type { Table as ArrowTable } from "apache-arrow";
import type { BatchFormat, BatchShape, KeptRow, NumberArray, RowOf } from "./batch.ts";
import type { Json } from "./json.ts";
import type { ActorContext, ModulePredictorSpec, PredictorPhase, PredictorStep } from "./predictor.ts";
import { insideActor } from "./inside-actor.ts";
import { defineUnderName } from "./predictor-registry.ts";
import { ShoalError } from "./shoal-error.ts";

export interface PredictOptions {
  /** Aborted when the run ends early. */
  readonly signal: AbortSignal;
}

type Awaitable<T> = T | PromiseLike<T>;

/** How a predictor of one's own treats rows; the same for objects and classes. */
export interface PredictorTraits {
  /** `"any"`: may return more or fewer rows than it got; then an error's unit is the batch. */
  readonly rows?: "same" | "any";
  /** One actor, source order, no packing, no bisecting: for models that carry state from batch to batch. */
  readonly stateful?: boolean;
  /** Default `"columns"`. */
  readonly batchFormat?: BatchFormat;
}

/** Columns as the next phase gets them: numbers come as a typed array, also where an array of numbers was returned or declared. */
export type Arrived<B> = B extends readonly unknown[] | ArrowTable ? B : { [Name in keyof B]: B[Name] extends readonly number[] ? NumberArray : B[Name] };

/** A batch in a format: named columns, row objects or an Arrow table. */
export type BatchIn<In, Format extends BatchFormat> = Format extends "rows" ? RowOf<In>[] : Format extends "arrow" ? ArrowTable : Arrived<In>;

/** The rows behind what was returned, in whatever format. */
export type RowOut<Out> = Out extends ArrowTable ? Record<string, unknown> : Out extends readonly (infer R)[] ? KeptRow<R> : RowOf<Out>;

/** What `predict` may return: named columns, row objects, an Arrow table. */
export type BatchOut = BatchShape | readonly object[] | ArrowTable;

/**
 * A predictor of one's own. `setup` runs once per actor; `predict` once per batch, with what `preprocess` gave where there is one.
 * `preprocess` and `postprocess` overlap with the `predict` of other batches when that runs elsewhere (`actor.onnx` does).
 */
export interface PredictorDefinition<In, State, Prepared, Result, Out, Args> extends PredictorTraits {
  setup?(actor: ActorContext, args: Args): Awaitable<State>;
  preprocess?(batch: In, state: State, options: PredictOptions): Awaitable<Prepared>;
  /** What one row costs (tokens, pixels); batches are then packed under `maxBatchCost`. */
  cost?(row: RowOut<Prepared>): number;
  predict(batch: Arrived<Prepared>, state: State, options: PredictOptions): Awaitable<Result> | AsyncIterable<Result>;
  postprocess?(result: Arrived<Result>, state: State, options: PredictOptions): Awaitable<Out>;
  dispose?(state: State): Awaitable<void>;
}

/** A predictor as a class: constructed once per actor, as in Ray. Traits are static fields. */
export interface PredictorClass<In, Prepared, Result, Out, Args> extends PredictorTraits {
  new (args: Args, actor: ActorContext): {
    setup?(): Awaitable<void>;
    preprocess?(batch: In, options: PredictOptions): Awaitable<Prepared>;
    /** What one row costs; see {@link PredictorDefinition.cost}. */
    cost?(row: RowOut<Prepared>): number;
    predict(batch: Arrived<Prepared>, options: PredictOptions): Awaitable<Result> | AsyncIterable<Result>;
    postprocess?(result: Arrived<Result>, options: PredictOptions): Awaitable<Out>;
    dispose?(): Awaitable<void>;
  };
}

/** With every type erased: what the registry keeps. */
export type AnyDefinition = PredictorDefinition<unknown, unknown, unknown, unknown, unknown, unknown> | PredictorClass<unknown, unknown, unknown, unknown, unknown>;

/**
 * The row that comes out when a predictor of one's own is applied to rows `R`. One that returns every column it was given
 * (`{ ...batch, score }`) keeps the rest of the row too; otherwise what it returns is the row.
 */
export type ReplacedRow<R, In, Out> = keyof In extends keyof Out ? Omit<R, keyof Out> & Out : Out;

/** A format other than columns has to be said, so that the batches are what their type says. */
type Formatted<Format extends BatchFormat> = Format extends "columns" ? { readonly batchFormat?: "columns" } : { readonly batchFormat: Format };
type Final<Result, Out> = RowOut<[Out] extends [never] ? Result : Out>;

interface Define<In extends BatchShape, Format extends BatchFormat> {
  /** The class form. */
  <Out extends BatchOut = never, Prepared = BatchIn<In, Format>, Result = Out, Args extends Json | undefined = undefined>(
    meta: { readonly url: string }, name: string, definition: PredictorClass<BatchIn<In, Format>, Prepared, Result, Out, Args> & Formatted<Format>,
  ): PredictorStep<RowOf<In>, Final<Result, Out>, Args, "replaces">;
  /** The object form. */
  <State, Out extends BatchOut = never, Prepared = BatchIn<In, Format>, Result = Out, Args extends Json | undefined = undefined>(
    meta: { readonly url: string }, name: string, definition: PredictorDefinition<BatchIn<In, Format>, State, Prepared, Result, Out, Args> & Formatted<Format>,
  ): PredictorStep<RowOf<In>, Final<Result, Out>, Args, "replaces">;
}

/**
 * Defines a predictor of one's own: set up once per actor, called once per batch. An actor finds it by importing this module:
 * `name` must be its alone there, and best is the one that it is exported under.
 *
 * ```ts
 * export const double = definePredictor<{ n: Float64Array }>()(import.meta, "double", {
 *   predict: (batch) => ({ ...batch, twice: batch.n.map((value) => 2 * value) }),
 * });
 * ```
 * @throws `bad-option` where the first, empty call is missing; `predictor-name-taken` if the module has another predictor of this name, as one that a function makes for each value that it is called with
 * @typeParam In the columns it reads, as they are in a batch of columns.
 * @typeParam Format how batches are given and taken; `definePredictor<In, "rows">()` with `batchFormat: "rows"` works on row objects.
 */
export function definePredictor<In extends BatchShape, Format extends BatchFormat = "columns">(...given: never[]): Define<In, Format> {
  // Without types nothing else tells: the function that it would give can pass for a step.
  if (given.length > 0) throw notCalledFirst(given);
  return ((meta: { readonly url: string }, name: string, definition: AnyDefinition) => {
    defineUnderName(meta, name, definition);
    insideActor()?.onDefined(meta.url, name);
    return { spec: moduleSpec(meta.url, name, definition), mode: "replaces" };
  }) as Define<In, Format>;
}

function notCalledFirst([, name]: readonly unknown[]): ShoalError {
  const quoted = typeof name === "string" ? JSON.stringify(name) : '"name"';
  return new ShoalError("bad-option", `definePredictor was given ${typeof name === "string" ? `the predictor ${quoted}` : "a predictor"} in its first call, which takes nothing but types.`, {
    failure: "bug",
    hint: `Call it twice: definePredictor<{ text: string[] }>()(import.meta, ${quoted}, …); the first call says the types of the columns, the second what the predictor is.`,
  });
}

function moduleSpec(url: string, name: string, definition: AnyDefinition): ModulePredictorSpec {
  const methods = (typeof definition === "function" ? definition.prototype : definition) as Partial<Record<PredictorPhase | "cost", unknown>>;
  return {
    kind: "module", name, module: url, export: name, args: null,
    batchFormat: definition.batchFormat ?? "columns",
    rows: definition.rows ?? "same",
    stateful: definition.stateful ?? false,
    phases: (["preprocess", "predict", "postprocess"] as const).filter((phase) => methods[phase] !== undefined),
    ...(methods.cost === undefined ? {} : { costUnit: "cost" }),
  };
}

/** @throws `predictor-not-importable` */
export function notImportable(spec: ModulePredictorSpec, cause?: unknown): ShoalError {
  return new ShoalError("predictor-not-importable", `An actor could not find predictor "${spec.export}" by importing ${spec.module}.`, {
    cause,
    failure: "bug",
    hint: [
      `Export it under the name it was defined with (export const ${spec.export} = definePredictor<…>()(import.meta, "${spec.export}", …)). In a bundle, name a worker entry:`,
      `      // worker.ts:  serveActors({ ${spec.export} });`,
      `      // your code:  { worker: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }) }`,
    ].join("\n"),
    details: { module: spec.module, export: spec.export },
  });
}


