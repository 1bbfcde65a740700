import { columnFromValues, lineageOfRows, preview, ShoalError, takeRows, type Block, type Column, type Row } from "@shoal/core";
import type { OnError, RowFunctions, RowStep } from "@shoal/planner";
import { rowError, type FailedRow } from "../errors/row-errors.ts";
import { orAborted } from "../streams/abort.ts";
import { blockLike } from "./block-like.ts";
import { inputOf, type Operator, type StageRun } from "./operator.ts";
import { blockRowOf, rowReader } from "./row-reader.ts";
import { functionFailed } from "./function-failed.ts";

/** Rows of one block that asynchronous functions work on at the same time. */
const concurrentRows = 16;

/**
 * Neighbouring functions over rows, in one pass. Rows stay in order; as long as no function returns a promise, nothing is awaited.
 * Columns that no function replaces keep their values and types.
 *
 * `onError: "null"`: for `withColumn` the value is null; for `map` the row keeps the values it had in columns of the same name, and has
 * null in the others; for `filter` the row stays. For `flatMap` it is refused, as for everything that changes row counts.
 */
export function rowFunctions({ steps }: RowFunctions): Operator {
  return async function* ([input], run) {
    const policies = steps.map((step) => run.errors.policyOf(step));
    const lastRows: (Row | undefined)[] = [];
    for await (const block of inputOf(input)) {
      if (block.rows === 0) {
        yield withoutRows(block, steps);
        continue;
      }
      const pass = new Pass(steps, policies, lastRows, block, run);
      yield await pass.run();
    }
  };
}

function withoutRows(block: Block, steps: readonly RowStep[]): Block {
  if (!keepsColumns(steps)) return { rows: 0, columns: {}, lineage: block.lineage };
  const added = steps.flatMap((step) => (step.kind === "with-column" ? [[step.name, columnFromValues([])] as const] : []));
  return { ...block, columns: { ...block.columns, ...Object.fromEntries(added) } };
}

function keepsColumns(steps: readonly RowStep[]): boolean {
  return steps.every((step) => step.kind === "filter" || step.kind === "with-column");
}

export function stepLabel(step: RowStep): string {
  if (step.kind === "with-column") return `withColumn("${step.name}")`;
  const verb = step.kind === "flat-map" ? "flatMap" : step.kind;
  return step.step.name === "" ? verb : `${verb}(${step.step.name})`;
}

type Emit = (row: Row, at: number) => void;

/** One block on its way through the functions. */
class Pass {
  readonly #steps: readonly RowStep[];
  readonly #policies: readonly OnError[];
  /** What each `map` gave last: the columns that a row gets whose `map` failed. */
  readonly #lastRows: (Row | undefined)[];
  readonly #block: Block;
  readonly #run: StageRun;
  readonly #failed: FailedRow[][] = [];
  readonly #rows: Row[] = [];
  readonly #kept: number[] = [];
  /** Errors that end the run: passed on as they are. */
  readonly #final = new WeakSet<object>();
  /** Rows up to here are objects that this pass made, and may change. */
  readonly #firstMap: number;

  constructor(steps: readonly RowStep[], policies: readonly OnError[], lastRows: (Row | undefined)[], block: Block, run: StageRun) {
    this.#steps = steps;
    this.#policies = policies;
    this.#lastRows = lastRows;
    this.#block = block;
    this.#run = run;
    const firstMap = steps.findIndex((step) => step.kind === "map" || step.kind === "flat-map");
    this.#firstMap = firstMap < 0 ? steps.length : firstMap;
  }

  async run(): Promise<Block> {
    const read = rowReader(this.#block);
    const emit: Emit = (row, at) => {
      this.#rows.push(row);
      this.#kept.push(at);
    };
    for (let at = 0; at < this.#block.rows; at++) {
      const pending = this.#advance(read(at), at, 0, emit);
      if (pending === undefined) continue;
      await this.#runAsync(pending, at + 1, read, emit);
      break;
    }
    for (const [index, failed] of this.#failed.entries()) {
      if (failed !== undefined) await this.#run.errors.settle(stepLabel(this.#steps[index] as RowStep), this.#policies[index] as OnError, failed, this.#block, this.#run.record);
    }
    return this.#result();
  }

  async #runAsync(first: Promise<void>, from: number, read: (row: number) => Row, emit: Emit): Promise<void> {
    const window: { done: Promise<void>; readonly rows: (readonly [Row, number])[] }[] = [{ done: first, rows: [] }];
    let at = from;
    while (window.length > 0) {
      while (window.length < concurrentRows && at < this.#block.rows) {
        const rows: (readonly [Row, number])[] = [];
        const done = Promise.resolve(this.#advance(read(at), at, 0, (row, index) => rows.push([row, index])));
        // Heard when its turn comes.
        done.catch(() => {});
        window.push({ done, rows });
        at++;
      }
      const head = window[0] as (typeof window)[number];
      await orAborted(head.done, this.#run.signal);
      for (const [row, index] of head.rows) emit(row, index);
      window.shift();
    }
  }

  /** Takes a row through the steps. A promise only where a function gave one. */
  #advance(row: Row, at: number, from: number, emit: Emit): Promise<void> | undefined {
    let current = row;
    for (let index = from; index < this.#steps.length; index++) {
      const step = this.#steps[index] as RowStep;
      let next: Row | undefined;
      try {
        const value = step.step.run(current);
        if (isPromise(value)) return this.#resume(value, current, at, index, emit);
        if (step.kind === "flat-map") return this.#spread(value, current, at, index, emit);
        next = this.#applied(step, index, current, value);
      } catch (error) {
        next = this.#survivor(index, current, at, error);
      }
      if (next === undefined) return undefined;
      current = next;
    }
    emit(current, at);
    return undefined;
  }

  async #resume(pending: PromiseLike<unknown>, row: Row, at: number, index: number, emit: Emit): Promise<void> {
    const step = this.#steps[index] as RowStep;
    let next: Row | undefined;
    try {
      const value = await pending;
      if (step.kind === "flat-map") return await this.#spread(value, row, at, index, emit);
      next = this.#applied(step, index, row, value);
    } catch (error) {
      next = this.#survivor(index, row, at, error);
    }
    if (next !== undefined) await this.#advance(next, at, index + 1, emit);
  }

  /** All rows of a flatMap are made before the first goes on, so that a row that fails leaves nothing behind. */
  #spread(value: unknown, row: Row, at: number, index: number, emit: Emit): Promise<void> | undefined {
    if (isAsyncIterable(value)) return this.#spreadAsync(value, row, at, index, emit);
    let rows: Row[] | undefined;
    try {
      if (typeof value !== "object" || value === null || !(Symbol.iterator in value)) throw notRows(this.#steps[index] as RowStep, value);
      rows = Array.from(value as Iterable<Row>);
      for (const made of rows) assertRow(this.#steps[index] as RowStep, made);
    } catch (error) {
      this.#survivor(index, row, at, error);
      return undefined;
    }
    for (let made = 0; made < rows.length; made++) {
      const pending = this.#advance(rows[made] as Row, at, index + 1, emit);
      if (pending !== undefined) return this.#spreadRest(pending, rows, made + 1, at, index, emit);
    }
    return undefined;
  }

  async #spreadRest(pending: Promise<void>, rows: readonly Row[], from: number, at: number, index: number, emit: Emit): Promise<void> {
    await pending;
    for (let made = from; made < rows.length; made++) await this.#advance(rows[made] as Row, at, index + 1, emit);
  }

  async #spreadAsync(value: AsyncIterable<unknown>, row: Row, at: number, index: number, emit: Emit): Promise<void> {
    const rows: Row[] = [];
    try {
      for await (const made of value) rows.push(made as Row);
    } catch (error) {
      this.#survivor(index, row, at, error);
      return;
    }
    await this.#spread(rows, row, at, index, emit);
  }

  /** The row after a step; undefined when a filter left it out. */
  #applied(step: RowStep, index: number, row: Row, value: unknown): Row | undefined {
    switch (step.kind) {
      case "filter":
        if (value) return row;
        this.#run.record.filtered++;
        return undefined;
      case "with-column":
        if (index > this.#firstMap) return { ...row, [step.name]: value };
        row[step.name] = value;
        return row;
      default:
        assertRow(step, value);
        this.#lastRows[index] = value;
        return value;
    }
  }

  /** Notes a failure. Gives the row to go on with where `onError` is null; throws where it is fail. */
  #survivor(index: number, row: Row, at: number, error: unknown): Row | undefined {
    if (this.#final.has(error as object)) throw error;
    const step = this.#steps[index] as RowStep;
    const policy = this.#policies[index];
    const failed: FailedRow = { at, row: () => row, error: functionFailed(error), attempts: 1 };
    if (policy === "fail") {
      const final = rowError(stepLabel(step), failed, this.#block);
      this.#final.add(final);
      throw final;
    }
    (this.#failed[index] ??= []).push(failed);
    if (policy !== "null") return undefined;
    if (step.kind === "filter") return row;
    if (step.kind === "with-column") return { ...row, [step.name]: null };
    const last = this.#lastRows[index];
    return last === undefined ? row : Object.fromEntries(Object.keys(last).map((name) => [name, row[name] ?? null]));
  }

  /** A Proxy, or a getter, throws only when it is asked for its values, and perhaps nothing that says where. */
  #unreadable(error: unknown): unknown {
    const made = ShoalError.is(error) ? -1 : this.#rows.findIndex((row) => !isReadable(row));
    if (made < 0) return error;
    const step = this.#steps.findLast(({ kind }) => kind === "map" || kind === "flat-map") as RowStep;
    const at = this.#kept[made] as number;
    const wrong = new ShoalError("wrong-result", `what it returned can't be read: asked for its values, it throws ${ShoalError.from(error).message}.`, { failure: "bug", hint: "Return plain objects of plain values." });
    return rowError(stepLabel(step), { at, row: () => blockRowOf(this.#block, at), error: wrong.toData(), attempts: 1 }, this.#block);
  }

  #result(): Block {
    const block = this.#block;
    if (!keepsColumns(this.#steps)) {
      try {
        return blockLike(this.#rows, block, lineageOfRows(block.lineage, block.rows, this.#kept));
      } catch (error) {
        throw this.#unreadable(error);
      }
    }
    const base = this.#kept.length === block.rows ? block : takeRows(block, this.#kept);
    const columns: Record<string, Column> = { ...base.columns };
    for (const step of this.#steps) {
      if (step.kind === "with-column") columns[step.name] = columnFromValues(this.#rows.map((row) => row[step.name]));
    }
    return { ...base, columns };
  }
}

function isReadable(row: Row): boolean {
  try {
    columnFromValues(Object.values(row));
    return true;
  } catch {
    return false;
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

function assertRow(step: RowStep, value: unknown): asserts value is Row {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw notRows(step, value);
}

function notRows(step: RowStep, value: unknown): ShoalError {
  const wanted = step.kind === "flat-map" ? "rows (an array or another iterable of objects)" : "a row object";
  return new ShoalError("wrong-result", `${stepLabel(step)} returned ${preview(value)} instead of ${wanted}.`, {
    failure: "bug",
    hint: step.kind === "map" ? "Return an object, as in (row) => ({ ...row, length: row.text.length })." : "Return an iterable of objects, or yield them from a generator.",
  });
}
