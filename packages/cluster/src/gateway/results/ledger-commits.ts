import { ShoalError } from "@shoal/core";
import type { CommitOutcome, CommitRecord } from "../../engine/index.ts";
import { isOpenTask } from "../../scheduler/state.ts";
import type { TaskEntry, TaskId } from "../../scheduler/index.ts";
import { blockKey, committedOf, entryOf, recordOf, type Committed } from "./commit-record.ts";
import { endsRun } from "./ends-run.ts";
import { failJob } from "../jobs/end-job.ts";
import { isRefusal, type EngineTrouble } from "../engine-trouble.ts";
import type { GatewayJob } from "../jobs/gateway-job.ts";
import type { GatewayState } from "../gateway-state.ts";
import { strikeWorker } from "../workers/strike-worker.ts";
import { refuseUnvouched } from "./refuse-result.ts";
import { UnvouchedResults } from "./unvouched-results.ts";

interface OpenCommit {
  readonly job: GatewayJob;
  readonly task: TaskId;
  readonly key: string;
  readonly committed: Committed;
  readonly since: number;
  isLate: boolean;
}

type Answer = CommitOutcome | { readonly outcome: "withheld" };

/** What the scheduler wants decided goes to the ledger, and its answers come back as events. */
export class LedgerCommits {
  readonly #state: GatewayState;
  readonly #trouble: EngineTrouble;
  readonly #onDecided: (job: GatewayJob, task: TaskId, committed: Committed) => void;
  readonly #open = new Set<OpenCommit>();
  #settled: (() => void)[] = [];
  readonly #unvouched: UnvouchedResults;

  /** @param onDecided told of each task that the ledger has decided, before the scheduler is */
  constructor(state: GatewayState, trouble: EngineTrouble, onDecided: (job: GatewayJob, task: TaskId, committed: Committed) => void) {
    this.#state = state;
    this.#trouble = trouble;
    this.#onDecided = onDecided;
    this.#unvouched = new UnvouchedResults(state);
  }

  /** Settles when no commit is under way. */
  settled(): Promise<void> {
    return this.#open.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#settled.push(resolve));
  }

  commit(task: TaskId, entry: TaskEntry): void {
    const job = this.#state.jobs.get(task.job);
    if (job === undefined || job.isOver || this.#isDoubted(job, task, entry)) return;
    const committed = this.#toCommit(job, task, entry);
    if (committed === undefined) return this.#abandon(job, task, entry);
    const open: OpenCommit = { job, task, key: blockKey(task), committed, since: this.#state.clock.now(), isLate: false };
    this.#open.add(open);
    const answer: Promise<Answer> = endsRun(job, task, entry) ? this.#withhold(open) : this.#state.engine.ledger.commit(job.name, open.key, recordOf(committed, this.#state.loop.epoch));
    answer.then(
      (answer) => {
        try {
          if (answer.outcome === "lost") this.#trouble.answered();
          this.#heard(open, answer);
        } catch (error) {
          this.#failed(open, error);
        }
        this.#over(open);
      },
      (error: unknown) => {
        this.#failed(open, error);
        this.#over(open);
      },
    );
  }

  /** A stranger's result whose columns nobody has vouched for yet, or that somebody has refuted. */
  #isDoubted(job: GatewayJob, task: TaskId, entry: TaskEntry): boolean {
    const checked = entry.kind === "result" ? job.checked(task, entry.attempt, entry.worker) : undefined;
    if (checked?.types?.isStranger !== true) return false;
    const judged = job.segments[task.segment]?.types.judge(checked.types.kinds, { name: checked.worker, isStranger: true }, () => false);
    if (judged?.verdict !== "fault") return this.#unvouched.wait(job, task, entry, checked);
    job.discard(task, checked.attempt);
    this.#state.passing.drop(job, checked);
    // What others hold of it is as good as ever.
    this.#state.loop.tell({ kind: "commit-abandoned", task, only: { worker: checked.worker, attempt: checked.attempt } });
    refuseUnvouched(this.#state, job, checked, judged.fault);
    return true;
  }

  /** The driver gets it in its turn, and the ledger does not. */
  async #withhold({ job, key, committed }: OpenCommit): Promise<Answer> {
    job.withheld.set(key, committed);
    return { outcome: "withheld" };
  }

  #failed({ job, task }: OpenCommit, error: unknown): void {
    this.#state.log.warn(`A commit of ${job.name} failed: ${ShoalError.from(error).message}`);
    if (ShoalError.is(error, "ledger-unreadable")) return failJob(this.#state, job, error.toData());
    this.#state.loop.tell({ kind: "commit-unknown", task });
  }

  #over(open: OpenCommit): void {
    this.#open.delete(open);
    if (this.#open.size === 0) for (const settled of this.#settled.splice(0)) settled();
  }

  /** An answer that does not come counts as undecided after a while; should it come later, it counts as well. Called about once a second. */
  mindLate(): void {
    const { clock, settings, loop } = this.#state;
    for (const { task, entry } of this.#unvouched.due()) this.commit(task, entry);
    const before = clock.now() - settings.commitMs;
    for (const commit of this.#open) {
      if (commit.isLate || commit.since > before) continue;
      commit.isLate = true;
      loop.tell({ kind: "commit-unknown", task: commit.task });
    }
  }

  #toCommit(job: GatewayJob, task: TaskId, entry: TaskEntry): Committed | undefined {
    const input = this.#state.inputs.get(task)?.input;
    if (input === undefined) return undefined;
    if (entry.kind !== "result") return { ...entry, input };
    const checked = job.checked(task, entry.attempt, entry.worker);
    // Held since before a restart, and the rows are others now.
    if (checked?.input !== undefined && checked.input !== input) return undefined;
    return checked && { kind: "result", input, sha256: checked.sha256, within: checked.within, rows: checked.rows, failed: checked.about.failures.length, worker: checked.worker, attempt: checked.attempt, about: checked.aboutSha256 ?? checked.about };
  }

  /** The result is none of these rows: the task is open again. */
  #abandon(job: GatewayJob, task: TaskId, entry: TaskEntry): void {
    if (entry.kind === "result") {
      const checked = job.checked(task, entry.attempt, entry.worker);
      job.discard(task, entry.attempt);
      if (checked !== undefined) this.#state.passing.drop(job, checked);
      this.#state.refusals.count("stale-result");
      this.#state.workers.get(entry.worker)?.link?.send({ kind: "refuse", task, attempt: entry.attempt });
    }
    this.#state.loop.tell({ kind: "commit-abandoned", task });
  }

  /** It stands in the ledger, whoever wrote it. @throws `ledger-unreadable` */
  seen(job: GatewayJob, task: TaskId, winner: CommitRecord): void {
    this.#heard({ job, task, key: blockKey(task), committed: committedOf(winner), since: this.#state.clock.now(), isLate: false }, { outcome: "lost", winner });
  }

  #heard(open: OpenCommit, answer: Answer): void {
    const { job, task } = open;
    const { loop, engine, jobs } = this.#state;
    if (jobs.get(job.name) !== job || job.isOver) return;
    switch (answer.outcome) {
      case "undecided":
        if (engine.status().state === "paused" || isRefusal(answer.reason)) this.#trouble.met(answer.reason, true);
        return loop.tell({ kind: "commit-unknown", task });
      case "no-ledger": {
        const error = new ShoalError("ledger-gone", `The ledger of job ${job.name} was removed while it ran.`, { failure: "bug", hint: "Run it again, under another name." });
        return failJob(this.#state, job, error.toData());
      }
      case "accepted":
      case "withheld":
        if (answer.outcome === "accepted") this.#trouble.committed();
        this.#count(open, open.committed);
        return loop.tell({ kind: "commit-won", task });
      case "lost": {
        const winner = committedOf(answer.winner);
        this.#count(open, winner);
        return loop.tell({ kind: "commit-lost", task, winner: entryOf(winner) });
      }
    }
  }

  #count({ job, task, key }: OpenCommit, committed: Committed): void {
    // An answer that came after the commit was sent again tells the same once more.
    if (!isOpenTask(this.#state.loop.state, task)) return;
    this.#onDecided(job, task, committed);
    const checked = this.#state.passing.areOf(job) ? job.allChecked(task) : [];
    const winner = job.decided(task, committed);
    for (const result of checked) if (result !== winner) this.#state.passing.drop(job, result);
    const now = this.#state.clock.now();
    job.segments[task.segment]?.rate.ended(now, key, committed.kind === "split" ? 0 : task.rows);
    for (const name of job.told.decided(task, winner?.about.failures.map(({ row }) => row))) {
      const link = this.#state.workers.get(name)?.link;
      if (link !== undefined) strikeWorker(this.#state, link, "refuted-failure", "it said of rows that they can't be done, and others did them");
    }
    if (committed.kind === "split") return;
    const held = this.#state.inputs.get(task);
    if (held !== undefined && task.first === 0 && task.rows === held.rows) held.committed = committed;
    const worker = winner && this.#state.workers.get(winner.worker);
    if (worker !== undefined) {
      worker.rowsDone += task.rows;
      worker.blocksDone++;
      worker.rate.ended(now, winner?.attempt.number ?? -1, task.rows);
    }
    this.#state.changed();
  }
}
