import type { ErrorData } from "@shoal/core";
import type { ExpectedInput } from "@shoal/executor";
import type { JobDescription } from "../../connection/messages.ts";
import type { Leadership } from "../../engine/index.ts";
import type { AttemptId, JobSpec, TaskId } from "../../scheduler/index.ts";
import { blobsOf, type Committed } from "../results/commit-record.ts";
import type { BlobPart } from "../results/gathered-results.ts";
import type { DriverLink } from "./driver-link.ts";
import { AnswerSchema } from "../results/answer-schema.ts";
import { AnswerTypes } from "../results/answer-types.ts";
import { jobSpecOf } from "./placement.ts";
import { ToldFailures } from "../results/told-failures.ts";
import { CountedRows } from "../snapshot/counted-rows.ts";
import type { ResultAbout } from "../results/stored-result.ts";
import type { GuestStanding } from "../elsewhere/guest/guest-standing.ts";

const mostFailures = 50;
const longestMessage = 500;

/** A result that was checked and stored, and that the ledger has not decided. */
export interface CheckedResult {
  readonly task: TaskId;
  readonly attempt: AttemptId;
  readonly worker: string;
  /** Of the rows that it was computed from, where its worker says it. */
  readonly input: string | undefined;
  /** Of its rows, which are stored. */
  readonly sha256: string;
  /** Where, if not under that name. */
  readonly within: BlobPart | undefined;
  readonly rows: number;
  readonly about: ResultAbout;
  /** The blob that has it too, where it is too long for a record. */
  readonly aboutSha256: string | undefined;
}

export type PauseReason = "driver" | "disk";

/** A job as this gateway knows it; what is done of it, its ledger knows. */
export class GatewayJob {
  readonly description: JobDescription;
  readonly spec: JobSpec;
  readonly startedAt: number;
  readonly segments: readonly JobSegment[];
  /** `opening`: its ledger is being read. */
  state: "opening" | "running" | "done" | "failed" | "cancelled" = "opening";
  error: ErrorData | undefined;
  endedAt: number | undefined;
  /** Rows that the ledger had when the job was brought. */
  rowsBefore = 0;
  driver: DriverLink | undefined;
  /** By the clock. */
  driverLostAt: number | undefined;
  readonly pausedBy = new Set<PauseReason>();
  /** Files that its driver has still to send: until then no blocks are asked for. */
  missingFiles = new Set<string>();
  /** Gateways that have led it, or have helped with it: a result may be of one of their leases. */
  readonly epochs = new Set<number>();
  /** As long as it is led here. */
  role: Leadership | undefined;
  /** As long as another gateway leads it, and this one helps. */
  guest: GuestStanding | undefined;
  /** The blob that says to other gateways what it is. */
  describedAs: string | undefined;
  /** What of its ledger was read. */
  knownSeq = 0;
  /** Of each segment, by block. */
  readonly #checked: readonly Map<number, readonly CheckedResult[]>[];
  /** Failures that end the run, by the keys of their tasks: for its driver, and not for the ledger. */
  readonly withheld = new Map<string, Committed>();
  readonly told = new ToldFailures();
  readonly failures: { readonly segment: number; readonly block: number; readonly row: number; readonly error: ErrorData }[] = [];
  samples: readonly Readonly<Record<string, unknown>>[] = [];
  sampledAt = -Infinity;

  constructor(description: JobDescription, startedAt: number) {
    this.description = description;
    this.spec = jobSpecOf(description);
    this.startedAt = startedAt;
    this.segments = description.segments.map(() => new JobSegment());
    this.#checked = description.segments.map(() => new Map());
  }

  get name(): string {
    return this.description.job;
  }

  get isOver(): boolean {
    return this.state === "done" || this.state === "failed" || this.state === "cancelled";
  }

  keep(result: CheckedResult): void {
    const { segment, block } = result.task;
    const known = this.#checked[segment]?.get(block);
    this.#checked[segment]?.set(block, known === undefined ? [result] : [...known, result]);
  }

  checked(task: TaskId, { epoch, number }: AttemptId, worker?: string): CheckedResult | undefined {
    const known = this.#checked[task.segment]?.get(task.block);
    return known?.find((one) => one.attempt.epoch === epoch && one.attempt.number === number && isOfRows(one, task) && (worker === undefined || one.worker === worker));
  }

  /** Of all attempts at a task. */
  allChecked(task: TaskId): readonly CheckedResult[] {
    return this.#checked[task.segment]?.get(task.block)?.filter((one) => isOfRows(one, task)) ?? [];
  }

  discard(task: TaskId, { epoch, number }: AttemptId): void {
    this.#forget(task, ({ attempt }) => attempt.epoch === epoch && attempt.number === number);
  }

  #forget(task: TaskId, which: (result: CheckedResult) => boolean): void {
    const ofSegment = this.#checked[task.segment];
    const left = ofSegment?.get(task.block)?.filter((one) => !(isOfRows(one, task) && which(one)));
    if (left === undefined || left.length === 0) ofSegment?.delete(task.block);
    else ofSegment?.set(task.block, left);
  }

  /** What is done of it will be counted from its ledger. */
  recount(): void {
    for (const segment of this.segments) segment.recount();
  }

  /** What is stored and not in the ledger. */
  *undecided(): Generator<string, void, undefined> {
    for (const committed of this.withheld.values()) if (committed.kind === "result") yield* blobsOf(committed);
    for (const ofSegment of this.#checked) {
      for (const { sha256, within, about, aboutSha256 } of [...ofSegment.values()].flat()) yield* blobsOf({ sha256, within, about: aboutSha256 ?? about });
    }
  }

  /** The ledger has the task. Gives what was checked of the attempt that won, if it was checked here. */
  decided(task: TaskId, committed: Committed): CheckedResult | undefined {
    const segment = this.segments[task.segment];
    if (segment === undefined) return undefined;
    const winner = committed.kind === "result" ? this.checked(task, committed.attempt, committed.worker) : undefined;
    this.#forget(task, () => true);
    if (committed.kind !== "split") {
      segment.rowsDone += task.rows;
      segment.failedRows += committed.kind === "result" ? committed.failed : task.rows;
    }
    if (committed.kind === "quarantine") {
      segment.quarantined.add(task.block);
      this.#failed(task, 0, committed.error);
    }
    for (const { row, error } of winner?.about.failures ?? []) this.#failed(task, row, error);
    return winner;
  }

  #failed({ segment, block, first }: TaskId, row: number, error: ErrorData): void {
    const { code, message, hint } = error;
    this.failures.unshift({ segment, block, row: first + row, error: { code, message: message.slice(0, longestMessage), ...(hint === undefined ? {} : { hint: hint.slice(0, longestMessage) }) } });
    if (this.failures.length > mostFailures) this.failures.pop();
  }
}

function isOfRows({ task }: CheckedResult, { first, rows }: TaskId): boolean {
  return task.first === first && task.rows === rows;
}

/** What is counted of a segment, for people. */
export class JobSegment {
  rowsDone = 0;
  failedRows = 0;
  /** Blocks in all, once the input has ended. */
  total: number | undefined;
  /** Rows in all, as its driver said last. */
  expected: ExpectedInput | undefined;
  /** Blocks that the driver may offer, as it was told. */
  mayOffer = 0;
  /** Blocks that the scheduler wants, and that it has not been asked for. */
  wanted = 0;
  /** By the key of the task. */
  readonly rate = new CountedRows<string>();
  readonly quarantined = new Set<number>();
  readonly types = new AnswerTypes();
  readonly answers = new AnswerSchema();

  recount(): void {
    this.rowsDone = 0;
    this.failedRows = 0;
    this.quarantined.clear();
  }

  /** The driver begins to offer anew. */
  offerAnew(): void {
    Object.assign(this, { total: undefined, mayOffer: 0, wanted: 0 });
  }
}
