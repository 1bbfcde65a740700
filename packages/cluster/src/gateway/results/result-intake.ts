import { ShoalError } from "@shoal/core";
import type { ResultMessage } from "../../connection/messages.ts";
import { sha256Of } from "../../engine/index.ts";
import { whoElse } from "../../scheduler/index.ts";
import type { Claims } from "../elsewhere/claims.ts";
import { badResult, expectationOf, type CheckResult, type ResultExpectation } from "./check-result.ts";
import { EarlyResults } from "./early-results.ts";
import { GatheredResults, type BlobPart } from "./gathered-results.ts";
import type { EngineTrouble } from "../engine-trouble.ts";
import { isOpenTask } from "../../scheduler/state.ts";
import type { CheckedResult, GatewayJob } from "../jobs/gateway-job.ts";
import type { GatewayState } from "../gateway-state.ts";
import { changesRowCounts, mayHaveSeen } from "../jobs/placement.ts";
import type { ResultSamples } from "../snapshot/result-samples.ts";
import { encodeAbout, fitsIntoRecord, type ResultAbout } from "./stored-result.ts";
import { strikeWorker } from "../workers/strike-worker.ts";
import type { WorkerLink } from "../workers/worker-link.ts";

/** What is looked at before it is stored. */
export interface ResultChecks {
  readonly check: CheckResult;
  /** Results of workers within this process are not. */
  readonly trustsOwn: boolean;
}

/** Results of jobs that other gateways lead. */
export interface IntakeElsewhere {
  readonly claims: Claims;
  /** A job that is not known here may be another gateway's. */
  readonly guests: { look(job: string, epoch: number): Promise<void> };
}

interface OpenCheck {
  /** Absent while it waits for its turn. */
  since?: number;
  readonly end: (error: ShoalError) => void;
}

const firstRetryMs = 200;
const longestRetryMs = 5_000;

/**
 * Results come in: whose are they, are they results at all, then stored; only then the scheduler hears of them. What is wrong with one costs that
 * attempt, and its worker a strike; nobody is told that a result is done with before the ledger has said so.
 */
export class ResultIntake {
  readonly #state: GatewayState;
  readonly #checked: ResultChecks;
  readonly #trouble: EngineTrouble;
  readonly #samples: ResultSamples;
  readonly #early: EarlyResults;
  readonly #gathered: GatheredResults;
  readonly #checks = new Set<OpenCheck>();
  #bytes = 0;
  #open = 0;
  #retry: Promise<void> | undefined;
  #retryMs = firstRetryMs;
  /** There once the gateway is put together. */
  elsewhere: IntakeElsewhere | undefined;

  constructor(state: GatewayState, checked: ResultChecks, trouble: EngineTrouble, samples: ResultSamples) {
    this.#state = state;
    this.#checked = checked;
    this.#trouble = trouble;
    this.#samples = samples;
    this.#early = new EarlyResults(state);
    this.#gathered = new GatheredResults(state.engine.blobs);
    state.signal.addEventListener("abort", () => {
      for (const check of this.#checks) check.end(badResult("The gateway is over."));
    }, { once: true });
  }

  /** Results that are being checked and stored. */
  get open(): number {
    return this.#open;
  }

  take(link: WorkerLink, message: ResultMessage, payload: Uint8Array): void {
    const { task, attempt } = message;
    const job = this.#state.jobs.get(task.job);
    if (job === undefined && this.elsewhere?.claims.mayClaim(link, message) === true) void this.elsewhere.guests.look(task.job, attempt.epoch).catch(() => {});
    if (job === undefined || job.state === "opening") return this.#early.keep(link, message, payload);
    if (job.isOver) return link.send({ kind: job.state === "done" ? "settle" : "refuse", task, attempt });
    const key = attempt.epoch === this.#state.loop.epoch ? attempt.number : `${attempt.epoch}.${attempt.number}`;
    if (link.checking.has(key)) return;
    if (!this.#isOwn(link, job, message)) return this.#takeForeign(link, job, message);
    if (job.guest !== undefined && !isOpenTask(this.#state.loop.state, task) && this.elsewhere?.claims.mayClaim(link, message) !== true) return link.send({ kind: "refuse", task, attempt });
    const tell = (): void => this.#state.loop.tell({ kind: "result", connection: link.connection, task, attempt });
    // Presented again by a later connection, or decided already: there is nothing to check.
    if (job.checked(task, attempt, link.record.name) !== undefined || this.#isDecided(message)) return tell();
    // While they are checked they may be elsewhere.
    const bytes = payload.byteLength;
    if (this.#bytes + bytes > this.#state.settings.resultBytes) {
      this.#state.refusals.count("coordinator-busy");
      return link.bye(new ShoalError("coordinator-busy", "The coordinator can't store results as fast as they come.", { hint: "Come again in a while, and present what is held." }), true);
    }
    link.checking.set(key, attempt);
    this.#bytes += bytes;
    this.#open++;
    const shown = attempt.epoch === this.#state.loop.epoch ? undefined : this.elsewhere?.claims.coming(message);
    const over = (): void => {
      link.checking.delete(key);
      this.#bytes -= bytes;
      this.#open--;
    };
    this.#receive(link, job, message, payload).then(
      (checked) => {
        over();
        if (checked === undefined || !link.isOpen || job.isOver) return shown?.();
        if (job.guest !== undefined && !isOpenTask(this.#state.loop.state, task)) return void this.elsewhere?.claims.claim(link, job, task, checked).finally(shown);
        job.keep(checked);
        tell();
        shown?.();
      },
      (error: unknown) => {
        over();
        shown?.();
        if (link.isOpen && !job.isOver && !this.#state.signal.aborted) this.#refuseBad(link, message, ShoalError.from(error));
      },
    ).catch((error: unknown) => link.bye(ShoalError.from(error), true));
  }

  /** What came of a job before its driver brought it. */
  jobOpened(job: string): void {
    for (const { link, message, payload } of this.#early.take(job)) if (link.isOpen) this.take(link, message, payload);
  }

  /** Nobody has brought the job: nobody wants them. */
  refuseEarly(): void {
    this.#early.refuseLate();
  }

  /** Leased to this worker in this life of the gateway; or in an earlier one that led the job, as far as that can be told. */
  #isOwn(link: WorkerLink, job: GatewayJob, { task, attempt, input }: ResultMessage): boolean {
    const needs = job.spec.segments[task.segment]?.needs;
    if (needs === undefined) return false;
    if (attempt.epoch === this.#state.loop.epoch) return link.record.had(attempt.number, task);
    // Nobody here knows to whom it was leased. Who had the rows can say their SHA-256, which is held to those that are here before anything is committed.
    return input !== undefined && job.epochs.has(attempt.epoch) && (link.admission.trusted || link.admission.byKey) && mayHaveSeen(link.joined, needs);
  }

  #isDecided({ task }: ResultMessage): boolean {
    const segment = this.#state.loop.state.jobs.get(task.job)?.segments[task.segment];
    if (segment === undefined || segment.committed.has(task.block)) return true;
    const block = segment.open.get(task.block);
    return block?.offered === true && !block.parts.some(({ first, rows }) => first === task.first && rows === task.rows);
  }

  #takeForeign(link: WorkerLink, job: GatewayJob, message: ResultMessage): void {
    const { task, attempt } = message;
    const isReplayed = task.segment < job.segments.length && this.#isDecided(message);
    const code = isReplayed ? "replayed-result" : "forged-result";
    link.send({ kind: "refuse", task, attempt });
    this.#state.log.warn(`${link.record.label}: it sent a result of block ${task.block} of ${job.name}, which it was never leased (attempt ${attempt.epoch}.${attempt.number}).`);
    strikeWorker(this.#state, link, code, `block ${task.block} of ${job.name} was never leased to it`);
  }

  /** Undefined: there is nobody any more who would be told. */
  #receive(link: WorkerLink, job: GatewayJob, message: ResultMessage, payload: Uint8Array): Promise<CheckedResult | undefined> {
    const { task, rows, failures } = message;
    const description = job.description.segments[task.segment];
    if (description === undefined) return Promise.resolve(undefined);
    if (failures.length > 0 && (new Set(failures.map(({ row }) => row)).size !== failures.length || failures.some(({ row }) => row >= task.rows))) {
      return Promise.reject(badResult("Its failures name rows twice, or rows that the task does not have."));
    }
    if (!changesRowCounts(description) && rows + failures.length !== task.rows) return Promise.reject(badResult(`It has ${rows} rows and ${failures.length} failures for a task of ${task.rows} rows.`));
    const isOwn = this.#checked.trustsOwn && link.admission.trusted;
    // This process's own worker is not doubted, but for once: what others send is held to the types that it sent.
    if (isOwn && job.segments[task.segment]?.types.areKnown !== false) return this.#keep(link, job, message, payload);
    // A worker of this process holds the very bytes.
    const looked = isOwn ? Promise.resolve(payload) : this.#look(link.admission.trusted ? payload.slice() : payload, expectationOf(description.plan.spec, message));
    return looked.then((bytes) => {
      this.#doubt(link, job, message, bytes);
      return this.#keep(link, job, message, bytes);
    });
  }

  /** Whether it is what its worker says, and what it should be. */
  async #look(payload: Uint8Array, expected: ResultExpectation): Promise<Uint8Array> {
    return (await this.#checkInTime(payload, expected)) ?? payload;
  }

  /** What one result alone can't show: that others of its segment look otherwise, or that a stranger's word is not enough. */
  #doubt(link: WorkerLink, job: GatewayJob, message: ResultMessage, payload: Uint8Array): void {
    const { task, rows, failures } = message;
    const isStranger = link.joined.volunteer === true;
    const segment = rows === 0 || job.description.segments[task.segment]?.plan.spec.kind !== "declarative" ? undefined : job.segments[task.segment];
    const fault = segment?.types.fault(segment.answers.typesOf(payload), link.record.name, isStranger);
    if (fault !== undefined) throw badResult(fault);
    if (isStranger && failures.length > 0 && !this.#counts(link, job, message)) throw unconfirmed(message);
  }

  async #keep(link: WorkerLink, job: GatewayJob, { task, attempt, sha256, rows, failures, stats, input }: ResultMessage, payload: Uint8Array): Promise<CheckedResult | undefined> {
    const about: ResultAbout = { failures, stats };
    let aboutSha256: string | undefined;
    if (!fitsIntoRecord(about)) {
      const bytes = encodeAbout(about);
      aboutSha256 = await sha256Of(bytes);
      if (!(await this.#store(link, aboutSha256, bytes))) return undefined;
    }
    const stored = await this.#storeRows(link, job, sha256, payload);
    if (stored === undefined) return undefined;
    this.#state.recent.add(sha256, payload);
    this.#samples.see(job, task, payload, failures);
    return { task, attempt, worker: link.record.name, input, sha256, within: stored.within, rows, about, aboutSha256 };
  }

  /** Whether rows that a volunteer could not do count as such. */
  #counts(link: WorkerLink, job: GatewayJob, { task, failures }: ResultMessage): boolean {
    const { state } = this.#state.loop;
    return job.told.count(task, link.record.name, failures.map(({ row }) => row), whoElse(state, task, state.connections.get(link.connection)));
  }

  #checkInTime(payload: Uint8Array, expected: ResultExpectation): Promise<Uint8Array | void> {
    const over = new AbortController();
    return new Promise((resolve, reject) => {
      const check: OpenCheck = { end: (error) => {
        over.abort(error);
        reject(error);
      } };
      this.#checks.add(check);
      const begun = (): void => void (check.since = this.#state.clock.now());
      this.#checked.check(payload, expected, over.signal, begun).then(resolve, reject).finally(() => this.#checks.delete(check));
    });
  }

  /** A check that takes too long ends as one that failed. Called about once a second. */
  mindLate(): void {
    const { clock, settings } = this.#state;
    for (const { since, end } of this.#checks) if (since !== undefined && clock.now() - since >= settings.checkMs) end(badResult(`Reading it took longer than ${settings.checkMs / 1000} s.`, undefined, { late: true }));
  }

  /** With others that come at the same time; alone, where that failed. Undefined: its worker is gone. */
  #storeRows(link: WorkerLink, job: GatewayJob, sha256: string, bytes: Uint8Array): Promise<{ readonly within: BlobPart | undefined } | undefined> {
    return this.#gathered.store(job.name, sha256, bytes).then(
      (within) => {
        this.#stored();
        return { within };
      },
      async (error: unknown) => ((await this.#storeLater(link, sha256, bytes, error)) ? { within: undefined } : undefined),
    );
  }

  /** Tries until it is stored: a full disk is nobody's fault, and goes by. False: its worker is gone, and will present it again. */
  #store(link: WorkerLink, sha256: string, bytes: Uint8Array): Promise<boolean> {
    return this.#put(sha256, bytes).then(
      () => this.#stored(),
      (error: unknown) => this.#storeLater(link, sha256, bytes, error),
    );
  }

  async #storeLater(link: WorkerLink, sha256: string, bytes: Uint8Array, met: unknown): Promise<boolean> {
    for (let error = met; ; ) {
      this.#trouble.met(ShoalError.from(error));
      await (this.#retry ??= this.#rest());
      if (!link.isOpen) return false;
      this.#state.signal.throwIfAborted();
      try {
        await this.#put(sha256, bytes);
        return this.#stored();
      } catch (again) {
        error = again;
      }
    }
  }

  /** Its SHA-256 was looked at, or is taken on trust. */
  #put(sha256: string, bytes: Uint8Array): Promise<unknown> {
    const { blobs } = this.#state.engine;
    return blobs.add === undefined ? blobs.put(sha256, bytes) : blobs.add(sha256, bytes);
  }

  #stored(): true {
    this.#trouble.stored();
    this.#retryMs = firstRetryMs;
    return true;
  }

  /** All results that can't be stored wait together: there may be many, and one disk. */
  async #rest(): Promise<void> {
    const { clock, random, signal } = this.#state;
    const waitMs = this.#retryMs;
    this.#retryMs = Math.min(2 * waitMs, longestRetryMs);
    try {
      await clock.sleep(waitMs * (0.5 + random()), signal);
    } finally {
      this.#retry = undefined;
    }
  }

  #refuseBad(link: WorkerLink, { task, attempt }: ResultMessage, error: ShoalError): void {
    if (error.code === "unconfirmed-failure") {
      this.#state.loop.tell({ kind: "failed", connection: link.connection, task, attempt, failure: "worker-lost", error: error.toData(), unconfirmed: true });
      return link.send({ kind: "refuse", task, attempt });
    }
    const bad = error.code === "bad-result" ? error : badResult(`It can't be read: ${error.toData().message}`, error);
    const { message, details } = bad.toData();
    link.record.failed(message);
    this.#state.log.warn(`${link.record.label}: its result of block ${task.block} is refused: ${message} The block runs elsewhere.`);
    // Not a bug, which would end the job, nor the row's fault, as long as there are others who may do better.
    this.#state.loop.tell({ kind: "failed", connection: link.connection, task, attempt, failure: "worker-lost", error: { ...bad.toData(), failure: "worker-lost" }, badResult: true });
    link.send({ kind: "refuse", task, attempt });
    // That time was up is no sign of ill will: this machine may be busy. One who does it again and again keeps others waiting.
    if (this.#state.closing.aborted || (details?.["late"] === true && link.record.isLateFirst(this.#state.clock.now()))) return this.#state.refusals.count("bad-result");
    strikeWorker(this.#state, link, "bad-result", message);
  }
}

function unconfirmed({ failures: [first] }: ResultMessage): ShoalError {
  return new ShoalError("unconfirmed-failure", `A volunteer says of a row that it can't be done (${first?.error.message ?? "without a reason"}), and nobody else has said so yet.`, { failure: "worker-lost", hint: "Another worker is asked." });
}
