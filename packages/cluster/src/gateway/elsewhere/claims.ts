import { ShoalError } from "@shoal/core";
import type { ResultMessage } from "../../connection/messages.ts";
import { commitUntilDecided, noteUntilDecided } from "../../engine/index.ts";
import type { TaskId } from "../../scheduler/index.ts";
import { blobsOf, blockKey, recordOf } from "../results/commit-record.ts";
import type { LedgerCommits } from "../results/ledger-commits.ts";
import { failJob } from "../jobs/end-job.ts";
import { isOpenTask } from "../../scheduler/state.ts";
import type { CheckedResult, GatewayJob } from "../jobs/gateway-job.ts";
import type { GatewayState } from "../gateway-state.ts";
import { claimNote, type Claim } from "./job-notes.ts";
import { RecentKeys } from "./recent-keys.ts";
import { WaitingClaims } from "./waiting-claims.ts";
import type { WorkerLink } from "../workers/worker-link.ts";

/**
 * Results of rows that are not here: a worker computed them for a gateway that is gone, and brings them to this one. Its word for which rows they were is no reason to commit
 * them: who commits first, wins for ever. So they are noted in the job's ledger, and whoever leads the job and has the rows commits those that are of them.
 * A claim of other rows costs nobody anything.
 */
export class Claims {
  readonly #state: GatewayState;
  readonly #commits: LedgerCommits;
  readonly #waiting = new Map<GatewayJob, WaitingClaims>();
  /** Results of other gateways' attempts that are being looked at here: how many of the same rows. */
  readonly #coming = new Map<string, number>();
  /** That were noted here lately. */
  readonly #notes = new RecentKeys();

  constructor(state: GatewayState, commits: LedgerCommits) {
    this.#state = state;
    this.#commits = commits;
  }

  /** Whether what a worker says of the rows is noted: names of volunteers cost nothing. */
  mayClaim({ admission, joined }: WorkerLink, { input }: Pick<ResultMessage, "input">): boolean {
    return input !== undefined && joined.volunteer !== true && (admission.trusted || admission.byKey);
  }

  /** A result that was checked and stored, of a task that the scheduler here does not have. Its worker is answered when the ledger has it or the claim. */
  async claim(link: WorkerLink, job: GatewayJob, task: TaskId, { attempt, worker, input, sha256, within, rows, about, aboutSha256 }: CheckedResult): Promise<void> {
    const { engine, clock, loop, signal, random, log } = this.#state;
    const answer = (kind: "settle" | "refuse"): void => link.send({ kind, task, attempt });
    if (input === undefined) return answer("refuse");
    const claim: Claim = { task, attempt, worker, input, sha256, within, rows, failed: about.failures.length, about: aboutSha256 ?? about };
    try {
      if ((await engine.ledger.committed(job.name, blockKey(task))) !== undefined) return answer("settle");
      const note = claimNote(loop.epoch, blockKey(task), claim);
      const { outcome } = await noteUntilDecided(engine.ledger, job.name, note, { clock, signal, random });
      if (outcome === "accepted") this.#noted(job.name, claim);
      answer(outcome === "accepted" ? "settle" : "refuse");
    } catch (error) {
      // Its worker has had no answer, and presents it again.
      if (!signal.aborted) log.warn(`A result of ${job.name} could not be noted: ${ShoalError.from(error).message}`);
    }
  }

  /** A result of another gateway's attempt came, and is looked at until the returned function is called. */
  coming({ task, input = "" }: Pick<ResultMessage, "task" | "input">): () => void {
    const name = nameOf(task.job, task, input);
    this.#coming.set(name, (this.#coming.get(name) ?? 0) + 1);
    return () => {
      const others = (this.#coming.get(name) ?? 1) - 1;
      if (others === 0) this.#coming.delete(name);
      else this.#coming.set(name, others);
    };
  }

  /** The job may have come to be led here meanwhile, and nobody hears what he noted himself. */
  #noted(name: string, claim: Claim): void {
    const job = this.#state.jobs.get(name);
    this.#notes.add(nameOf(name, claim.task, claim.input));
    if (job !== undefined) this.heard(job, claim);
  }

  /** Whether somebody has claimed to have the result of a block of these rows, or brings it. */
  has(job: GatewayJob, place: Omit<TaskId, "job">, input: string): boolean {
    if (this.#coming.has(nameOf(job.name, place, input))) return true;
    const waiting = this.#waiting.get(job)?.of(place) ?? [];
    return waiting.some(({ task, input: claimed }) => claimed === input && task.first === place.first && task.rows === place.rows);
  }

  /** Noted by another gateway, or before this one led the job. */
  heard(job: GatewayJob, claim: Claim): void {
    if (job.role === undefined) return;
    const held = this.#state.inputs.get(claim.task);
    if (held !== undefined) return this.#commit(job, claim, held.input);
    const segment = this.#state.loop.state.jobs.get(job.name)?.segments[claim.task.segment];
    if (segment === undefined || segment.committed.has(claim.task.block)) return;
    let waiting = this.#waiting.get(job);
    if (waiting === undefined) this.#waiting.set(job, (waiting = new WaitingClaims()));
    waiting.add(claim);
  }

  /** The rows of a block are here now. */
  offered(job: GatewayJob, place: Pick<TaskId, "segment" | "block">, input: string): void {
    for (const claim of this.#waiting.get(job)?.take(place) ?? []) this.#commit(job, claim, input);
  }

  /** Whoever leads the job has, or will have, its result from here: the queue may still bring it. */
  isMade({ task, input }: Pick<Claim, "task" | "input">): boolean {
    const name = nameOf(task.job, task, input);
    return this.#coming.has(name) || this.#notes.has(name);
  }

  forget(job: GatewayJob): void {
    this.#waiting.delete(job);
  }

  /** What collection of blobs must leave. */
  *waiting(): Generator<string, void, undefined> {
    for (const claims of this.#waiting.values()) for (const claim of claims) yield* blobsOf(claim);
  }

  #commit(job: GatewayJob, { task, attempt, worker, input, sha256, within, rows, failed, about }: Claim, held: string): void {
    const { engine, clock, signal, random, loop, log, refusals } = this.#state;
    if (input !== held) return refusals.count("stale-result");
    // Decided already, or split.
    if (!isOpenTask(this.#state.loop.state, task)) return;
    const record = recordOf({ kind: "result", input, sha256, within, rows, failed, worker, attempt, about }, loop.epoch);
    commitUntilDecided(engine.ledger, job.name, blockKey(task), record, { clock, signal, random })
      .then((answer) => {
        if (answer.outcome !== "no-ledger") this.#commits.seen(job, task, answer.outcome === "lost" ? answer.winner : record);
      })
      .catch((error: unknown) => {
        if (signal.aborted) return;
        log.warn(`A result of ${job.name} could not be committed: ${ShoalError.from(error).message}`);
        if (ShoalError.is(error, "ledger-unreadable")) failJob(this.#state, job, error.toData());
      });
  }
}

function nameOf(job: string, task: Omit<TaskId, "job">, input: string): string {
  return `${job}/${blockKey(task)}/${input}`;
}
