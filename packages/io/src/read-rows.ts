import type { Block } from "@shoal/core";
import type { FileReadOptions } from "./file-datasource.ts";
import { maxBlockRows } from "./cut-block.ts";
import type { SourceFile } from "./file-store.ts";
import { readAhead, rememberPerFile } from "./read-ahead.ts";
import { blockOfRun, defaultInferRows, inferShape, refuseBadNames, type RowOptions, type RowRun, type RowShape } from "./row-shape.ts";
import { validateRun } from "./validate-rows.ts";

/** How a text format parses one file into rows. `skip`: rows that need not be parsed, but counted. `onRead`: as {@link FileReadOptions} has it. */
export type ReadRuns = (file: SourceFile, signal: AbortSignal, skip: number, onRead?: FileReadOptions["onRead"]) => AsyncIterable<RowRun>;

/** Text that becomes one block at most: its strings take twice as much. */
const maxRunBytes = 4 * 1024 * 1024;

/**
 * A reader of files of JSON-like rows to blocks. Columns are inferred once, from the first rows of the source's first file, so that every file,
 * and every run that resumes in the middle of one, has the same.
 */
export function rowReader(readRuns: ReadRuns, options: RowOptions): (file: SourceFile, read: FileReadOptions) => AsyncIterable<Block> {
  const remembered = rememberPerFile<RowShape>();
  const inferRows = options.inferRows ?? defaultInferRows;

  async function* validated(...[file, signal, skip, onRead]: Parameters<ReadRuns>): AsyncIterable<RowRun> {
    for await (const run of readRuns(file, signal, skip, onRead)) yield await validateRun(run, options.schema);
  }

  async function sampleShape(file: SourceFile, signal: AbortSignal): Promise<RowShape> {
    const sample: unknown[] = [];
    for await (const run of validated(file, signal, 0)) {
      refuseBadNames(run);
      for (const row of run.rows.slice(0, inferRows - sample.length)) sample.push(row);
      if (sample.length >= inferRows) break;
    }
    return inferShape(sample, options);
  }

  return async function* read(file, { firstRow = 0, limit, columns, firstFile, signal, onRead }) {
    const runs = validated(file, signal, firstRow, onRead);
    // What comes in once can't be sampled first and read again.
    const [shape, all] = file.path === "-" ? await sampleAhead(runs, options, inferRows) : [await remembered(firstFile, () => sampleShape(firstFile, signal)), runs];
    for await (const run of gathered(all, file.path === "-", limit)) yield blockOfRun(run, shape, columns);
  };
}

async function sampleAhead(runs: AsyncIterable<RowRun>, options: RowOptions, inferRows: number): Promise<[RowShape, AsyncIterable<RowRun>]> {
  const [held, all] = await readAhead(runs, (some) => some.reduce((sum, run) => sum + run.rows.length, 0) >= inferRows);
  held.forEach(refuseBadNames);
  return [inferShape(held.flatMap((run) => run.rows).slice(0, inferRows), options), all];
}

/** Small runs together, large ones apart, so that blocks have a good size. `atOnce`: nothing waits for more. */
async function* gathered(runs: AsyncIterable<RowRun>, atOnce: boolean, limit = Infinity): AsyncIterable<RowRun> {
  let parts: RowRun[] = [];
  let rows = 0;
  let bytes = 0;
  for await (const run of runs) {
    for (const piece of cutRun(run)) {
      parts.push(piece);
      rows += piece.rows.length;
      bytes += piece.bytes;
      if (atOnce || rows >= maxBlockRows || rows >= limit || bytes >= maxRunBytes) {
        yield joinRuns(parts);
        parts = [];
        rows = 0;
        bytes = 0;
      }
    }
  }
  if (rows > 0) yield joinRuns(parts);
}

function* cutRun(run: RowRun): Iterable<RowRun> {
  const total = run.rows.length;
  if (total <= maxBlockRows) {
    if (total > 0) yield run;
    return;
  }
  for (let start = 0; start < total; start += maxBlockRows) {
    const rows = run.rows.slice(start, start + maxBlockRows);
    yield {
      rows,
      bytes: (run.bytes * rows.length) / total,
      where: (row) => run.where(start + row),
      ...(run.text === undefined ? {} : { text: (row: number) => run.text?.(start + row) ?? "" }),
    };
  }
}

function joinRuns(parts: readonly RowRun[]): RowRun {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  const find = (row: number): [RowRun, number] => {
    let at = row;
    for (const part of parts) {
      if (at < part.rows.length) return [part, at];
      at -= part.rows.length;
    }
    throw new RangeError(`row ${row}`);
  };
  return {
    rows: parts.flatMap((part) => part.rows),
    bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
    where: (row) => ((part, at) => part.where(at))(...find(row)),
    ...(first?.text === undefined ? {} : { text: (row: number) => ((part, at) => part.text?.(at) ?? "")(...find(row)) }),
  };
}
