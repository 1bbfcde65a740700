import type { Clock } from "@shoal/core";
import type { PhysicalOperator } from "@shoal/planner";
import type { RunEvent, StageProgress } from "./run-event.ts";
import type { StageRecorder } from "./stage-recorder.ts";
import { countRows } from "./count-rows.ts";

const everyMs = 200;

/** Says now and then where every stage stands. */
export class RunProgress {
  readonly #records: readonly StageRecorder[];
  readonly #clock: Pick<Clock, "now">;
  readonly #emit: (event: RunEvent) => void;
  #lastAt = -Infinity;
  #startedAt: number | undefined;
  #totalRows: number | undefined;
  #readBefore = 0;
  /** Share of the rows that was done when the end was last foretold, and the end, in milliseconds from the start. */
  #foretold: { readonly done: number; readonly endMs: number } | undefined;

  constructor(records: readonly StageRecorder[], clock: Pick<Clock, "now">, emit: (event: RunEvent) => void) {
    this.#records = records;
    this.#clock = clock;
    this.#emit = emit;
  }

  /** Something moved: at most a few events a second come of it. */
  moved(): void {
    const now = this.#clock.now();
    this.#startedAt ??= now;
    if (now - this.#lastAt < everyMs) return;
    this.#lastAt = now;
    this.#tell(now);
  }

  /** Where all stages stood at the end. */
  last(): void {
    this.#tell(this.#clock.now());
  }

  stages(): StageProgress[] {
    const total = this.#totalRows === undefined ? undefined : this.#totalRows + this.#readBefore;
    return this.#records.map((record) => ({ ...record.progressed(), ...(total === undefined ? {} : expectedRows(record, total)) }));
  }

  #tell(now: number): void {
    const elapsedMs = now - (this.#startedAt ?? now);
    const etaMs = this.#eta(elapsedMs);
    for (const stage of this.stages()) this.#emit({ kind: "stage-progress", elapsedMs, ...(etaMs === undefined ? {} : { etaMs }), ...stage });
  }

  /** Rows done are those that left the last pool, or the last stage; the rest goes at the same pace. */
  #eta(elapsedMs: number): number | undefined {
    const measured = this.#records.findLast((record) => record.pool !== undefined) ?? this.#records.at(-1);
    if (this.#totalRows === undefined || measured === undefined || (measured.rowsDone === 0 && measured.rowsOut === 0)) return undefined;
    const read = this.#records.reduce((sum, record) => sum + (record.kind === "scan" ? record.rowsOut : 0), 0);
    // Rows that an earlier run had done come back at once: they say nothing about the pace.
    const given = Math.max(measured.rowsGiven, measured.pool?.rowsBefore ?? 0);
    // What filters have let through so far they will let through again.
    const expected = (this.#totalRows * (measured.rowsIn || measured.rowsOut)) / Math.max(1, read) - given;
    const fresh = measured.rowsDone + measured.skipped + measured.deadLettered;
    if (fresh === 0 && expected > 0) return undefined;
    const done = fresh >= expected ? 1 : fresh / expected;
    return Math.max(0, this.#endMs(elapsedMs, done) - elapsedMs);
  }

  /** Rows are done a block at a time: between blocks the time left runs down, and a block moves the end only half the way. */
  #endMs(elapsedMs: number, done: number): number {
    const projected = elapsedMs / done;
    if (this.#foretold === undefined || done === 1) this.#foretold = { done, endMs: projected };
    else if (done !== this.#foretold.done || elapsedMs > this.#foretold.endMs) this.#foretold = { done, endMs: (this.#foretold.endMs + projected) / 2 };
    return this.#foretold.endMs;
  }

  /** Asks the sources how many rows there are, but for those that an earlier run has read; a run does not wait for it. */
  async countRows(plan: PhysicalOperator, signal: AbortSignal, readBefore = 0): Promise<void> {
    try {
      const all = await countRows(plan, signal, "at most");
      if (all === undefined || signal.aborted) return;
      const rows = Math.max(0, all - readBefore);
      [this.#totalRows, this.#readBefore] = [rows, Math.min(all, readBefore)];
      this.#emit({ kind: "total-rows", rows, ...(readBefore > 0 && { before: this.#readBefore }) });
    } catch {
      // Only the ETA needs it; what is wrong with the source, reading will say.
    }
  }
}

/** @param total rows that are read in all */
function expectedRows(record: StageRecorder, total: number): Pick<StageProgress, "rowsExpected" | "isEstimate"> {
  const { factor, isExact } = perRowRead(record);
  return factor === undefined ? {} : { rowsExpected: Math.round(total * factor), ...(isExact ? {} : { isEstimate: true }) };
}

/** How many rows a stage gives for each that is read. */
function perRowRead(record: StageRecorder): { readonly factor: number | undefined; readonly isExact: boolean } {
  const [first, ...others] = record.inputs.map(perRowRead);
  if (first === undefined || (first.isExact && others.every(({ isExact }) => isExact) && record.keepsRows)) return { factor: 1, isExact: true };
  // Of several inputs nobody knows which share of the rows is whose.
  if (others.length > 0 || first.factor === undefined) return { factor: undefined, isExact: false };
  if (record.keepsRows) return first;
  return { factor: record.rowsIn === 0 ? undefined : (first.factor * record.rowsOut) / record.rowsIn, isExact: false };
}
