import { lineageRows, preview, rowsMade, ShoalError, type Block, type DeadLetter, type ErrorData, type Row } from "@shoal/core";
import type { OnError } from "@shoal/planner";
import type { StageRecorder } from "../stats/stage-recorder.ts";
import { placeText } from "./with-place.ts";

/** A row that a step could not do. */
export interface FailedRow {
  /** The row within the block that came in. */
  readonly at: number;
  /** The row as the step got it. */
  readonly row: () => Row;
  readonly error: ErrorData;
  readonly attempts: number;
  /** The rows of the batch that failed whole, from this row's block: which of them is to blame is not known. */
  readonly batch?: { readonly first: number; readonly rows: number };
}

/** What a run does about rows that fail, all stages together. */
export class RowErrors {
  readonly #onError: OnError;
  readonly #maxErrors: number;
  readonly #deadLetters: ((letters: readonly DeadLetter[]) => Promise<void>) | undefined;
  readonly #onFailed: ((block: Block, row: number, letter?: DeadLetter) => void) | undefined;
  #failed: number;

  /**
   * @param before rows that had failed in the runs that this one goes on with
   * @param onFailed told of each row that does not end the run
   */
  constructor(onError: OnError = "fail", maxErrors = Infinity, deadLetters?: (letters: readonly DeadLetter[]) => Promise<void>, before = 0, onFailed?: (block: Block, row: number, letter?: DeadLetter) => void) {
    this.#failed = before;
    this.#onFailed = onFailed;
    this.#onError = onError;
    this.#maxErrors = maxErrors;
    this.#deadLetters = deadLetters;
  }

  policyOf(step: { readonly onError?: OnError }): OnError {
    return step.onError ?? this.#onError;
  }

  /**
   * Counts failed rows and does with them what `onError` says; leaving them out, or nulling them, is the stage's.
   * @throws the first row's error when that is `fail`; `too-many-errors`
   */
  async settle(step: string, onError: OnError, failed: readonly FailedRow[], block: Block, record: StageRecorder): Promise<void> {
    const first = failed.reduce<FailedRow | undefined>((lowest, each) => (lowest === undefined || each.at < lowest.at ? each : lowest), undefined);
    if (first === undefined) return;
    if (onError === "fail") throw rowError(step, first, block);
    this.#failed += failed.length;
    if (this.#failed > this.#maxErrors) throw tooManyErrors(this.#failed, this.#maxErrors, rowError(step, first, block));
    const letters = onError === "deadLetter" ? failed.map((each) => letter(step, each, block)) : [];
    failed.forEach((each, at) => this.#onFailed?.(block, each.at, letters[at]));
    if (onError === "skip") record.skipped += failed.length;
    else if (onError === "null") record.nulled += failed.length;
    else {
      record.deadLettered += failed.length;
      await this.#deadLetters?.(letters);
    }
  }
}

function letter(step: string, { row, at, error, attempts }: FailedRow, block: Block): DeadLetter {
  const source = sourceOfRow(block, at);
  const { stack: _stack, details, ...kept } = error;
  const known = withoutBlockRows(details);
  return { row: row(), error: { ...kept, ...(known === undefined ? {} : { details: known }) }, attempts, step, ...(source === undefined ? {} : { source }) };
}

/** The rows that an actor names are those of its block, which nobody else knows. */
function withoutBlockRows(details: ErrorData["details"]): ErrorData["details"] {
  if (details === undefined || !("rows" in details)) return details;
  const { rows: _rows, ...others } = details;
  return Object.keys(others).length === 0 ? undefined : others;
}

/** Where a row came from, as a person counts: `prompts.jsonl, row 1` is the first row of that file. Only the partition where rows were made of several at once. */
export function sourceOfRow(block: Block, row: number): string | undefined {
  const { lineage } = block;
  if (lineageRows(lineage) !== block.rows || lineage.some((span) => span.together)) {
    const partitions = new Set(lineage.map((span) => span.partition));
    return partitions.size === 1 ? lineage[0]?.partition : undefined;
  }
  let left = row;
  for (const span of lineage) {
    const made = rowsMade(span);
    if (left < made) return `${span.partition}, row ${span.firstRow + (span.origins?.[left] ?? left) + 1}`;
    left -= made;
  }
  return undefined;
}

/** As {@link sourceOfRow}, of several: `prompts.jsonl, rows 1 to 8`. */
function sourceOfRows(block: Block, first: number, last: number): string | undefined {
  const [from, to] = [sourceOfRow(block, first), sourceOfRow(block, last)];
  if (from === to || from === undefined || to === undefined) return from;
  const [, partition, row] = /^(.*), row (\d+)$/s.exec(from) ?? [];
  const end = partition !== undefined && to.startsWith(`${partition}, row `) ? to.slice(partition.length + ", row ".length) : undefined;
  return end === undefined ? `${from}, to ${to}` : `${partition}, rows ${row} to ${end}`;
}

/** The error that ends a run over one row, or over a batch that failed whole: which step, which rows, where they came from, and why. */
export function rowError(step: string, { row, at, error, attempts, batch }: FailedRow, block: Block): ShoalError {
  const whole = batch !== undefined && batch.rows > 1;
  const source = whole ? sourceOfRows(block, batch.first, batch.first + batch.rows - 1) : sourceOfRow(block, at);
  const place = whole ? `${source ?? "a batch"} (${batch.rows} rows that failed as one batch, the first of them ${preview(previewRow(row()), 160)})` : `${source ?? "a row"}, ${preview(previewRow(row()), 160)}`;
  // A batch with a row that can't be done is halved until it stands alone: those were no tries of this row.
  const tries = attempts > 1 && error.failure !== "row" ? ` (tried ${attempts} times)` : "";
  const worker = error.details?.["worker"];
  const by = typeof worker === "string" ? `, on worker "${worker}"` : "";
  return new ShoalError(error.code, `${step} failed at ${place}${tries}${by}: ${error.message}${placeText(error)}`, {
    failure: error.failure ?? "row",
    hint: error.hint ?? `Correct ${whole ? "what is wrong in them" : "the row"}, or go on without such rows: onError: "skip", "null" or "deadLetter".`,
    cause: ShoalError.fromData(error),
    details: { ...withoutBlockRows(error.details), step, row: at, ...(source === undefined ? {} : { source }) },
  });
}

/** Long values would push the others out of the message. */
function previewRow(row: Row): Row {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeof value === "object" && value !== null ? preview(value, 40) : typeof value === "string" && value.length > 60 ? `${value.slice(0, 59)}…` : value]));
}

function tooManyErrors(failed: number, maxErrors: number, last: ShoalError): ShoalError {
  return new ShoalError("too-many-errors", `${failed} rows have failed; maxErrors is ${maxErrors}. The last: ${last.toData().message}`, {
    cause: last,
    failure: last.failure ?? "row",
    hint: "Look at the failing rows, or raise maxErrors.",
    details: { failed, maxErrors },
  });
}
