import {
  assertNotInsideActor, blockRow, blockRows, batchFromBlock, concatBlocks, formatSchema, loadArrow, ShoalError,
  type BatchFormats, type Block, type Datasink, type Datasource, type Json, type KeptRow, type KeptValue, type PredictorStep, type Row, type Schema,
} from "@shoal/core";
import { formatStats, type RunStats } from "@shoal/executor";
import {
  explain, explainLogical, plan, planToJson, type ColumnFunction, type FilterFunction, type FlatMapFunction, type LogicalOperator, type MapFunction, type MaybePromise,
} from "@shoal/planner";
import { consume, limited, planOptions } from "./consume.ts";
import { inspectDeno, inspectNode, printable } from "./printable.ts";
import { iterBatches, type IterBatchesSettings } from "./iter-batches.ts";
import { Job, type JobReport } from "./job.ts";
import { blocksSource } from "./blocks-source.ts";
import { batchesStep, functionStep, repartitionStep } from "./steps.ts";
import type {
  ArgsOf, AsRow, BatchFunctionSettings, BatchResult, Flat, FunctionSettings, Joined, PredictedRow, PredictorSettings, OfFunctions, Reads, ResultRow,
} from "./row-types.ts";
import { mergeSettings } from "./merge-settings.ts";
import type { DatasetRuntime, RunSettings } from "./run-settings.ts";
import { schemaOfPlan } from "./schema-of-plan.ts";
import { frozen } from "./frozen.ts";
import { wholeNumber } from "./whole-number.ts";

/** A plan may have thousands of lines; these show what it ends with. */
const shownLines = 8;

/**
 * A lazy, immutable dataset: each method gives a new one, and nothing runs until rows are asked for. Asking twice runs twice, unless
 * {@link Dataset.materialize} keeps the rows. It is an `AsyncIterable` of rows; leaving the loop ends everything behind it.
 * @typeParam R the row type, as it flows from the source through every step.
 */
export class Dataset<R extends object = Row> implements AsyncIterable<R> {
  readonly plan: LogicalOperator;
  readonly runtime: DatasetRuntime;
  #stats: RunStats | undefined;
  /** Only for the type checker. */
  declare readonly rowType?: R;

  constructor(plan: LogicalOperator, runtime: DatasetRuntime) {
    this.plan = plan;
    this.runtime = runtime;
  }

  // --- steps ---

  /** One row → one row. Runs where it is written; neighbours are fused into one pass. */
  map<Out extends object>(map: (row: R) => MaybePromise<Out>, settings: FunctionSettings = {}): Dataset<Flat<KeptRow<Out>>> {
    return this.#then({ kind: "map", input: this.plan, ...functionStep<MapFunction>("map", map, settings) });
  }

  /** One row → any number of rows. */
  flatMap<Out extends object>(map: (row: R) => MaybePromise<Iterable<Out>> | AsyncIterable<Out>, settings: FunctionSettings = {}): Dataset<Flat<KeptRow<Out>>> {
    return this.#then({ kind: "flat-map", input: this.plan, ...functionStep<FlatMapFunction>("flatMap", map, settings) });
  }

  /** Keeps the rows for which `keep` is true. A type guard narrows the row type. */
  filter<Kept extends R>(keep: (row: R) => row is Kept, settings?: FunctionSettings): Dataset<Kept>;
  filter(keep: (row: R) => MaybePromise<boolean>, settings?: FunctionSettings): Dataset<R>;
  filter(keep: (row: R) => MaybePromise<boolean>, settings: FunctionSettings = {}): Dataset<R> {
    return this.#then({ kind: "filter", input: this.plan, ...functionStep<FilterFunction>("filter", keep, settings) });
  }

  /** Adds a column, or replaces the one of that name. */
  withColumn<Name extends string, T>(name: Name, value: (row: R) => MaybePromise<T>, settings: FunctionSettings = {}): Dataset<Joined<R, Record<Name, KeptValue<T>>>> {
    return this.#then({ kind: "with-column", name, input: this.plan, ...functionStep<ColumnFunction>("withColumn", value, settings) });
  }

  /**
   * Calls a function with batches: named columns (the default), row objects or an Arrow table. What it returns are the rows that follow.
   * It runs on this thread: for models and other heavy work use `definePredictor`.
   */
  mapBatches<Result extends BatchResult, Format extends keyof BatchFormats<R> = "columns">(
    map: (batch: BatchFormats<R>[Format]) => MaybePromise<Result> | AsyncIterable<Result>,
    settings?: BatchFunctionSettings<Format>,
  ): Dataset<AsRow<ResultRow<Result>>>;
  /** Runs a predictor over every row, in a pool of actors: one of your own, or a declarative one such as `textClassification`. */
  mapBatches<In, Out, Args, Mode extends "adds" | "replaces", const Settings extends PredictorSettings = PredictorSettings>(
    step: PredictorStep<In, Out, Args, Mode> & Reads<R, In>,
    ...settings: [Args] extends [undefined] ? [settings?: Settings & ArgsOf<Args>] : [settings: Settings & ArgsOf<Args>]
  ): Dataset<AsRow<PredictedRow<R, In, Out, Mode, Settings>>>;
  // The checker explains a mistake by the last overload. This one takes nothing that the one above does not.
  mapBatches<In, Out, Args, Mode extends "adds" | "replaces", Result extends BatchResult, Format extends keyof BatchFormats<R> = "columns">(
    step: ((batch: BatchFormats<R>[Format]) => MaybePromise<Result> | AsyncIterable<Result>) | (PredictorStep<In, Out, Args, Mode> & Reads<R, In>),
    ...settings: unknown extends Args ? [settings?: OfFunctions<Format>] : [Args] extends [undefined] ? [settings?: PredictorSettings & ArgsOf<Args>] : [settings: PredictorSettings & ArgsOf<Args>]
  ): never;
  // oxlint-disable-next-line typescript/no-explicit-any -- no type but any relates to both overloads; callers never see it
  mapBatches(step: unknown, ...[settings]: any[]): any {
    return this.#then(batchesStep(this.plan, step, (settings ?? {}) as object));
  }

  /** Only these columns, in this order. @throws `missing-column` when run, for names that types did not catch. */
  select<Name extends keyof R & string>(...columns: readonly Name[]): Dataset<Flat<Pick<R, Name>>> {
    return this.#then({ kind: "select", input: this.plan, columns });
  }

  /** Every column but these. */
  drop<Name extends keyof R & string>(...columns: readonly Name[]): Dataset<Flat<Omit<R, Name>>> {
    return this.#then({ kind: "drop", input: this.plan, columns });
  }

  /** Renames columns: `rename({ old: "new" })`. They keep their places. */
  rename<const Names extends { readonly [Name in keyof R]?: string }>(
    names: Names,
  ): Dataset<{ [Name in keyof R as Name extends keyof Names ? (Names[Name] extends string ? Names[Name] : Name) : Name]: R[Name] }> {
    return this.#then({ kind: "rename", input: this.plan, names: names as Record<string, string> });
  }

  /** The first `rows` rows; no more are read than that takes. */
  limit(rows: number): Dataset<R> {
    return this.#then({ kind: "limit", input: this.plan, rows: wholeNumber("limit", rows, 0) });
  }

  /** All rows of this dataset, then all of each other. */
  union(...others: readonly Dataset<R>[]): Dataset<R> {
    return this.#then({ kind: "union", inputs: [this.plan, ...others.map((other) => other.plan)] });
  }

  /** Row by row beside each other; a name that both have gets the suffix `_1`. @throws `unequal-rows` when run. */
  zip<Other extends object>(other: Dataset<Other>): Dataset<Flat<R & { [Name in keyof Other as Name extends keyof R ? `${Name & string}_1` : Name]: Other[Name] }>> {
    return this.#then({ kind: "zip", inputs: [this.plan, other.plan] });
  }

  /** Re-cuts blocks: into a number of blocks (waits for all rows), or streaming into `{ rowsPerBlock }`. Order stays. */
  repartition(blocks: number | { readonly rowsPerBlock: number }): Dataset<R> {
    return this.#then(repartitionStep(this.plan, blocks));
  }

  // --- consuming ---

  /** Rows one by one; what follows is computed while you work on one. */
  async *[Symbol.asyncIterator](): AsyncGenerator<R, void, undefined> {
    yield* this.iterRows();
  }

  /** Rows one by one. */
  async *iterRows(settings: RunSettings = {}): AsyncGenerator<R, void, undefined> {
    for await (const block of this.#blocks(settings, "values")) yield* blockRows(block) as Iterable<R>;
  }

  /** Blocks as they come: columns in memory. For sinks and for tools. */
  iterBlocks(settings: RunSettings = {}): AsyncGenerator<Block, void, undefined> {
    return this.#blocks(settings);
  }

  /** Batches of exactly `batchSize` rows (default 256), the last may be shorter; `dropLast` leaves that one out. */
  iterBatches<Format extends keyof BatchFormats<R> = "columns">(settings: IterBatchesSettings<Format> & RunSettings = {}): AsyncGenerator<BatchFormats<R>[Format], void, undefined> {
    wholeNumber("batchSize", settings.batchSize ?? 1, 1);
    return iterBatches<BatchFormats<R>[Format]>(this.#blocks(settings, "columns"), settings);
  }

  /** The first rows (default 20); ends the run when it has them. */
  async take(rows = 20, settings: RunSettings = {}): Promise<R[]> {
    return this.limit(rows).#collect(settings, this);
  }

  /** Every row. @throws `too-many-rows` beyond `limit`. */
  async takeAll(limit = Infinity, settings: RunSettings = {}): Promise<R[]> {
    const rows = await (limit === Infinity ? this : this.limit(wholeNumber("takeAll", limit, 0) + 1)).#collect(settings, this);
    if (rows.length <= limit) return rows;
    throw new ShoalError("too-many-rows", `The dataset has more than ${limit} rows.`, { hint: "Raise the limit, or iterate instead of collecting." });
  }

  /** The first rows (default 20) as one batch. @throws `empty-dataset`. */
  async takeBatch<Format extends keyof BatchFormats<R> = "columns">(rows = 20, settings: { readonly batchFormat?: Format } & RunSettings = {}): Promise<BatchFormats<R>[Format]> {
    const blocks: Block[] = [];
    for await (const block of this.limit(rows).#blocks(settings, "columns")) if (block.rows > 0) blocks.push(block);
    if (blocks.length === 0) throw new ShoalError("empty-dataset", "There is no row to take a batch from.", { hint: "Check what the source holds, and the filters after it, with count()." });
    if (settings.batchFormat === "arrow") await loadArrow();
    return batchFromBlock(concatBlocks(blocks), settings.batchFormat ?? "columns") as BatchFormats<R>[Format];
  }

  /** Prints the first rows (default 20). */
  async show(rows = 20, settings: RunSettings = {}): Promise<void> {
    for (const row of await this.take(rows, settings)) this.runtime.print(row as Row);
  }

  /** How many rows there are; where the source knows and no step changes it, nothing is read. */
  async count(settings: RunSettings = {}): Promise<number> {
    assertNotInsideActor();
    const merged = mergeSettings(this.runtime.settings, settings);
    const { optimized } = plan(limited(this.plan, merged), planOptions(merged));
    const counted = optimized.kind === "limit" ? optimized.input : optimized;
    const known = counted.kind === "read" ? await counted.source.countRows?.(merged.signal ?? new AbortController().signal) : undefined;
    if (known !== undefined) return optimized.kind === "limit" ? Math.min(known, optimized.rows) : known;
    let rows = 0;
    for await (const block of this.iterBlocks(settings)) rows += block.rows;
    return rows;
  }

  /** Names and types of the columns: from the source's own schema where no step follows, otherwise by running the first row. */
  async schema(settings: RunSettings = {}): Promise<Schema> {
    return printable(await schemaOfPlan(this, settings), (schema) => `Schema { ${formatSchema(schema)} }`);
  }

  /** Runs now and keeps every row in memory: the dataset it gives can be read again and again. */
  async materialize(settings: RunSettings = {}): Promise<Dataset<R>> {
    const blocks: Block[] = [];
    for await (const block of this.iterBlocks(settings)) blocks.push(block);
    const kept = new Dataset<R>({ kind: "read", source: blocksSource(blocks) }, this.runtime);
    kept.#stats = this.#stats;
    return kept;
  }

  // --- writing ---

  /** A job: this dataset into that sink. Lazy, as the dataset is: `await job.run()`, or the default export of a job file. */
  to(sink: Datasink): Job<R> {
    return new Job<R>(this, sink, (stats) => (this.#stats = stats));
  }

  /** Runs now and writes every row. The output appears whole or not at all; `{ resume: true }` goes on with one that was left unfinished. */
  write(sink: Datasink, settings: RunSettings = {}): Promise<JobReport> {
    return this.to(sink).run(settings);
  }

  // --- looking ---

  /** The plan as asked for, the plan as it will run, and what of it other machines could run, as text. */
  explain(settings: RunSettings = {}): string {
    const merged = mergeSettings(this.runtime.settings, settings);
    return explain(plan(limited(this.plan, merged), planOptions(merged)), { code: merged.on?.takesCode === true });
  }

  /** The first lines of the plan as it was asked for; `console.log` shows the same. */
  toString(): string {
    const lines = explainLogical(this.plan).split("\n");
    return ["Dataset, of which nothing has run:", ...lines.slice(0, shownLines), ...(lines.length > shownLines ? [`  … ${lines.length - shownLines} more; explain() has them all`] : [])].join("\n");
  }

  /** The plan as JSON, for whatever runs it elsewhere. @throws `closure-in-plan`, `source-in-plan` naming the step that can't travel. */
  toJSON(): Json {
    return planToJson(this.plan);
  }

  /** What the last run of this dataset took, stage by stage, and its bottleneck; `""` when it has not run. */
  stats(): string {
    return this.#stats === undefined ? "" : formatStats(this.#stats);
  }

  /** The numbers behind {@link Dataset.stats}. */
  runStats(): RunStats | undefined {
    return this.#stats;
  }

  #blocks(settings: RunSettings, written?: "columns" | "values"): AsyncGenerator<Block, void, undefined> {
    return consume(this, settings, (stats) => (this.#stats = stats), written);
  }

  async #collect(settings: RunSettings, owner: Dataset<R>): Promise<R[]> {
    const rows: R[] = [];
    for await (const block of consume(this, settings, (stats) => (owner.#stats = stats), "values")) {
      for (let row = 0; row < block.rows; row++) rows.push(blockRow(block, row) as R);
    }
    return rows;
  }

  /** What `console.log` shows on Node and Bun, and on Deno. */
  get [inspectNode](): () => string {
    return () => this.toString();
  }

  get [inspectDeno](): () => string {
    return () => this.toString();
  }

  #then<Out extends object>(operator: LogicalOperator): Dataset<Out> {
    return new Dataset<Out>(frozen(operator), this.runtime);
  }
}

/** A dataset over a source. */
export function dataset<R extends object>(source: Datasource<R>, runtime: DatasetRuntime): Dataset<R> {
  return new Dataset<R>(frozen({ kind: "read", source }), runtime);
}
