import type { Clock } from "@shoal/core";
import type { PhysicalOperator } from "@shoal/planner";
import type { ExpectedInput } from "../pool/block-pool.ts";
import type { RunEvent, StageProgress } from "./run-event.ts";
import type { StageRecorder } from "./stage-recorder.ts";
import { ExpectedRows } from "./expected-rows.ts";
import { ResultPace } from "./result-pace.ts";

const everyMs = 200;

/** Says now and then where every stage stands. */
export class RunProgress {
  readonly #records: readonly StageRecorder[];
  readonly #clock: Pick<Clock, "now">;
  readonly #emit: (event: RunEvent) => void;
  #lastAt = -Infinity;
  #startedAt: number | undefined;
  #expected: ExpectedRows | undefined;
  /** Share of the rows that was done when the end was last foretold, and the end, in milliseconds from the start. */
  #foretold: { readonly done: number; readonly endMs: number } | undefined;
  readonly #pace = new ResultPace();

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
    const total = this.#expected?.all();
    const isKnown = this.#expected?.isExact === true;
    return this.#records.map((record) => ({ ...record.progressed(), ...(total === undefined ? {} : expectedRows(record, total, isKnown)) }));
  }

  /** Rows that a stage will be given in this run. */
  expectedInto({ inputs: [input] }: StageRecorder): ExpectedInput | undefined {
    const total = this.#expected?.left();
    if (total === undefined || input === undefined) return undefined;
    const { rowsExpected, isEstimate = false } = expectedRows(input, total, this.#expected?.isExact === true);
    return rowsExpected === undefined ? undefined : { rows: rowsExpected, isEstimate };
  }

  #tell(now: number): void {
    const elapsedMs = now - (this.#startedAt ?? now);
    const done = this.#done();
    const stages = this.stages();
    // Where nobody can be asked, or nothing moves, no end can be told.
    const isStill = done !== undefined && this.#pace.isStill(done.rows, elapsedMs) && done.share < 1;
    const isKnown = !isStill && !isSetAside(stages);
    if (!isKnown) this.#foretold = undefined;
    const share = done === undefined ? {} : { done: done.share, ...(isKnown && { etaMs: Math.max(0, this.#endMs(elapsedMs, done.share) - elapsedMs) }) };
    for (const stage of stages) this.#emit({ kind: "stage-progress", elapsedMs, ...share, ...stage });
  }

  /** Rows done are those that left the last pool, or the last stage; the rest goes at the same pace. */
  #done(): { readonly share: number; readonly rows: number } | undefined {
    const measured = this.#records.findLast((record) => record.pool !== undefined) ?? this.#records.at(-1);
    const total = this.#expected?.left();
    if (total === undefined || measured === undefined || (measured.rowsDone === 0 && measured.rowsOut === 0)) return undefined;
    const read = this.#records.reduce((sum, record) => sum + (record.kind === "scan" ? record.rowsOut : 0), 0);
    // Rows that an earlier run had done come back at once: they say nothing about the pace.
    const given = Math.max(measured.rowsGiven, measured.pool?.rowsBefore ?? 0);
    // What filters have let through so far they will let through again.
    const expected = (total * (measured.rowsIn || measured.rowsOut)) / Math.max(1, read) - given;
    const fresh = measured.rowsDone + measured.skipped + measured.deadLettered;
    if (fresh === 0 && expected > 0) return undefined;
    return { share: fresh >= expected ? 1 : fresh / expected, rows: fresh };
  }

  /** Rows are done a block at a time: between blocks the time left runs down, and a block moves the end only half the way. */
  #endMs(elapsedMs: number, done: number): number {
    const projected = elapsedMs / done;
    if (this.#foretold === undefined || done === 1) this.#foretold = { done, endMs: projected };
    else if (done !== this.#foretold.done || elapsedMs > this.#foretold.endMs) this.#foretold = { done, endMs: (this.#foretold.endMs + projected) / 2 };
    return this.#foretold.endMs;
  }

  /** Asks the sources how many rows there are, or how many bytes, but for what an earlier run has read; a run does not wait for it. */
  async countRows(plan: PhysicalOperator, signal: AbortSignal, readBefore = 0): Promise<void> {
    try {
      const expected = await ExpectedRows.of(plan, this.#records, signal, readBefore);
      if (signal.aborted) return;
      this.#expected = expected;
      const [all, rows] = [expected.all(), expected.left()];
      if (!expected.isExact || all === undefined || rows === undefined) return;
      this.#emit({ kind: "total-rows", rows, ...(readBefore > 0 && { before: Math.min(all, readBefore) }) });
    } catch {
      // Only the ETA needs it; what is wrong with the source, reading will say.
    }
  }
}

/** Nobody does any of it now: those who would can't be reached, or are all at other jobs. */
function isSetAside(stages: readonly StageProgress[]): boolean {
  if (stages.some(({ reconnectMs }) => reconnectMs !== undefined)) return true;
  const isAnyBusy = stages.some(({ actorsBusy = 0, actorsLoading = 0 }) => actorsBusy + actorsLoading > 0);
  return !isAnyBusy && stages.some(({ actors = 0, actorsAtOtherJobs = 0 }) => actorsAtOtherJobs > 0 && actorsAtOtherJobs >= actors);
}

/** @param total rows that are read in all @param isKnown and not told from bytes */
function expectedRows(record: StageRecorder, total: number, isKnown: boolean): Pick<StageProgress, "rowsExpected" | "isEstimate"> {
  const { factor, isExact } = perRowRead(record);
  return factor === undefined ? {} : { rowsExpected: Math.round(total * factor), ...(isExact && isKnown ? {} : { isEstimate: true }) };
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
