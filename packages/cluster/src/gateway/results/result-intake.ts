import { ShoalError } from "@shoal/core";
import type { ResultMessage } from "../../connection/messages.ts";
import { isOpenTask } from "../../scheduler/state.ts";
import type { Claims } from "../elsewhere/claims.ts";
import type { EngineTrouble } from "../engine-trouble.ts";
import type { GatewayState } from "../gateway-state.ts";
import type { CheckedResult, GatewayJob } from "../jobs/gateway-job.ts";
import { mayHaveSeen } from "../jobs/placement.ts";
import type { ResultSamples } from "../snapshot/result-samples.ts";
import type { WorkerLink } from "../workers/worker-link.ts";
import { badResult, expectationOf, type CheckResult } from "./check-result.ts";
import { doubtCounts, doubtResult } from "./doubt-result.ts";
import { EarlyResults } from "./early-results.ts";
import { refuseForeign, refuseResult } from "./refuse-result.ts";
import { ResultStore } from "./result-store.ts";
import { TimedChecks } from "./timed-checks.ts";

/** What results go through. */
export interface IntakeParts {
  readonly check: CheckResult;
  /** Results of workers within this process are not looked at. */
  readonly trustsOwn: boolean;
  readonly trouble: EngineTrouble;
  readonly samples: ResultSamples;
  /** Of results of jobs that other gateways lead. */
  readonly claims: Claims;
  /** A job that is not known here may be another gateway's. */
  readonly lookElsewhere: (job: string, epoch: number) => void;
}

/**
 * Results come in: whose are they, are they results at all, then stored; only then the scheduler hears of them. What is wrong with one costs that
 * attempt, and its worker a strike; nobody is told that a result is done with before the ledger has said so.
 */
export class ResultIntake {
  readonly #state: GatewayState;
  readonly #parts: IntakeParts;
  readonly #early: EarlyResults;
  readonly #checks: TimedChecks;
  readonly #store: ResultStore;
  #bytes = 0;
  #open = 0;

  constructor(state: GatewayState, parts: IntakeParts) {
    this.#state = state;
    this.#parts = parts;
    this.#early = new EarlyResults(state);
    this.#checks = new TimedChecks(state, parts.check);
    this.#store = new ResultStore(state, parts.trouble, parts.samples);
  }

  /** Results that are being checked and stored. */
  get open(): number {
    return this.#open;
  }

  take(link: WorkerLink, message: ResultMessage, payload: Uint8Array): void {
    const { claims, lookElsewhere } = this.#parts;
    const { task, attempt } = message;
    const job = this.#state.jobs.get(task.job);
    if (job === undefined && claims.mayClaim(link, message)) lookElsewhere(task.job, attempt.epoch);
    if (job === undefined || job.state === "opening") return this.#early.keep(link, message, payload);
    if (job.isOver) return link.send({ kind: job.state === "done" ? "settle" : "refuse", task, attempt });
    const key = attempt.epoch === this.#state.loop.epoch ? attempt.number : `${attempt.epoch}.${attempt.number}`;
    if (link.checking.has(key)) return;
    if (!this.#wasLeased(link, job, message)) return refuseForeign(this.#state, link, job, message, task.segment < job.segments.length && this.#isDecided(message));
    if (job.guest !== undefined && !isOpenTask(this.#state.loop.state, task) && !claims.mayClaim(link, message)) return link.send({ kind: "refuse", task, attempt });
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
    const shown = attempt.epoch === this.#state.loop.epoch ? undefined : claims.coming(message);
    const over = (): void => {
      link.checking.delete(key);
      this.#bytes -= bytes;
      this.#open--;
    };
    this.#receive(link, job, message, payload).then(
      (checked) => {
        over();
        if (checked === undefined) return shown?.();
        if (!link.isOpen || job.isOver) {
          this.#state.passing.drop(job, checked);
          return shown?.();
        }
        if (job.guest !== undefined && !isOpenTask(this.#state.loop.state, task)) return void claims.claim(link, job, task, checked).finally(shown);
        job.keep(checked);
        tell();
        shown?.();
      },
      (error: unknown) => {
        over();
        shown?.();
        if (link.isOpen && !job.isOver && !this.#state.signal.aborted) refuseResult(this.#state, link, message, ShoalError.from(error));
      },
    ).catch((error: unknown) => link.bye(ShoalError.from(error), true));
  }

  /** What came of a job before its driver brought it. */
  takeEarly(job: string): void {
    for (const { link, message, payload } of this.#early.take(job)) if (link.isOpen) this.take(link, message, payload);
  }

  /** Nobody has brought some jobs, and some checks take too long. Called about once a second. */
  mindLate(): void {
    this.#early.refuseLate();
    this.#checks.mindLate();
  }

  /** Leased to this worker in this life of the gateway; or in an earlier one that led the job, as far as that can be told. */
  #wasLeased(link: WorkerLink, job: GatewayJob, { task, attempt, input }: ResultMessage): boolean {
    const needs = job.spec.segments[task.segment]?.needs;
    if (needs === undefined) return false;
    if (attempt.epoch === this.#state.loop.epoch) return link.record.had(attempt.number, task);
    // Nobody here knows to whom it was leased. Who had the rows can say what they are called, which is held to those that are here before anything is committed.
    return input !== undefined && job.epochs.has(attempt.epoch) && (link.admission.trusted || link.admission.byKey) && mayHaveSeen(link.joined, needs);
  }

  /** Of a lease of this life it is known which rows it was of. One of before may be of others through no fault of its worker: then it is not committed. */
  #doubtRows({ task, attempt, input }: ResultMessage): ShoalError | undefined {
    const leased = attempt.epoch === this.#state.loop.epoch ? this.#state.inputs.get(task)?.input : undefined;
    return input === undefined || leased === undefined || input === leased ? undefined : badResult("It is said to be of other rows than were leased.");
  }

  #isDecided({ task }: ResultMessage): boolean {
    const segment = this.#state.loop.state.jobs.get(task.job)?.segments[task.segment];
    if (segment === undefined || segment.committed.has(task.block)) return true;
    const block = segment.open.get(task.block);
    return block?.offered === true && !block.parts.some(({ first, rows }) => first === task.first && rows === task.rows);
  }

  /** Undefined: there is nobody any more who would be told. */
  #receive(link: WorkerLink, job: GatewayJob, message: ResultMessage, payload: Uint8Array): Promise<CheckedResult | undefined> {
    const { segment } = message.task;
    const description = job.description.segments[segment];
    if (description === undefined) return Promise.resolve(undefined);
    const doubt = doubtCounts(description, message) ?? this.#doubtRows(message);
    if (doubt !== undefined) return Promise.reject(doubt);
    const isOwn = this.#parts.trustsOwn && link.admission.trusted;
    // This process's own worker is not doubted, but for once: what others send is held to the types that it sent.
    const types = job.segments[segment]?.types;
    if (isOwn && types?.knows(link.record.name) === true) return this.#store.keep(link, job, message, payload, message.sha256).then((checked) => checked && { ...checked, types: { kinds: types.usual, isStranger: false } });
    const expected = expectationOf(description.plan.spec, message, !this.#state.passing.areOf(job));
    // A worker of this process holds the very bytes.
    const looked = isOwn ? Promise.resolve({ bytes: payload, sha256: message.sha256 }) : this.#checks.look(link.admission.trusted ? payload.slice() : payload, expected);
    return looked.then(({ bytes, sha256 }) => {
      const types = doubtResult(this.#state, link, job, message, bytes);
      return this.#store.keep(link, job, message, bytes, sha256).then((checked) => checked && { ...checked, types });
    });
  }
}
