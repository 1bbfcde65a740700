import { ShoalError, type ErrorData } from "@shoal/core";
import type { SchedulerEffect, TaskId } from "../../../scheduler/index.ts";
import type { EngineTrouble } from "../../engine-trouble.ts";
import type { GatewayState } from "../../gateway-state.ts";
import { failJob } from "../../jobs/end-job.ts";
import type { GatewayJob } from "../../jobs/gateway-job.ts";
import { blockKey } from "../../results/commit-record.ts";
import type { LedgerCommits } from "../../results/ledger-commits.ts";
import type { Claims } from "../claims.ts";
import { failureOfError } from "../job-notes.ts";
import { roleOf } from "../job-roles.ts";
import { taskClass } from "../loan.ts";
import { FollowedJobs } from "./followed-jobs.ts";
import { HeldBefore } from "./held-before.ts";
import { isAnyIdleHere, isShortOfTasks } from "./idle-here.ts";
import type { Lent } from "./stand-in.ts";
import { StandIns } from "./stand-ins.ts";
import { LentInputs } from "./lent-inputs.ts";
import { LentTasks } from "./lent-tasks.ts";
import { offerLent } from "./offer-lent.ts";

type LeaseEffect = Extract<SchedulerEffect, { kind: "lease" }>;

const lookMs = 500;
/** So many times longer is waited for others where nobody would be idle meanwhile. */
const patience = 4;

/** The blocks of jobs that are led here, lent to other gateways: what their stand-ins are leased goes to the queue, and comes back by the ledger. */
export class HomeLending {
  readonly standIns: StandIns;
  readonly #state: GatewayState;
  readonly #trouble: EngineTrouble;
  readonly #lent: LentTasks;
  readonly #inputs: LentInputs;
  readonly #before = new HeldBefore();
  readonly #followed: FollowedJobs;
  #lookedAt = 0;

  constructor(state: GatewayState, commits: LedgerCommits, claims: Claims, trouble: EngineTrouble) {
    this.#state = state;
    this.#trouble = trouble;
    this.standIns = new StandIns(state);
    this.#lent = new LentTasks(this.standIns);
    this.#inputs = new LentInputs(state);
    this.#followed = new FollowedJobs(state, commits, claims, { held: (job, tasks) => this.#held(job, tasks), failed: (number, error, row) => this.#failed(number, error, row) });
  }

  /** Looks again and again whether there is something to lend, and what became of what is lent. */
  async run(): Promise<void> {
    const { clock, signal, log } = this.#state;
    while (!signal.aborted) {
      await clock.sleep(lookMs, signal);
      try {
        this.#look();
      } catch (error) {
        log.warn(`What is lent could not be looked after: ${ShoalError.from(error).message}`);
      }
    }
  }

  #look(): void {
    const now = this.#state.clock.now();
    for (const job of this.#followed) if (job.isOver || job.role === undefined || this.#state.jobs.get(job.name) !== job) this.#leave(job);
    this.#mindAll(now);
    this.#inputs.mind(now);
    this.standIns.mind(now);
  }

  // --- lending ---

  /** Whether the lease was of a stand-in. */
  lease({ connection, tasks }: LeaseEffect): boolean {
    const standIn = this.standIns.get(connection);
    if (standIn === undefined) return false;
    const [first] = tasks;
    const { jobs, clock, inputs } = this.#state;
    const job = first && jobs.get(first.task.job);
    if (job === undefined || first === undefined) return true;
    this.standIns.spend(standIn, tasks.length);
    const now = clock.now();
    const className = taskClass(standIn.device, job.spec.segments[first.task.segment]?.needs ?? {});
    const lent: Lent[] = [];
    const isHeld = this.standIns.isBefore(standIn);
    for (const { task, attempt: { number } } of tasks) {
      const held = inputs.get(task);
      if (held === undefined) {
        failJob(this.#state, job, new ShoalError("block-not-held", `Block ${task.block} of segment ${task.segment} was to be lent, and its rows are not here.`, { failure: "bug", hint: "Report this, and run the job again: what is done is kept." }).toData());
        return true;
      }
      const one: Lent = { task, input: held.input, number, blockRows: held.rows, standIn, className, offeredAt: now, heardAt: isHeld ? now : undefined, offers: 1 };
      this.#lent.add(one);
      lent.push(one);
    }
    standIn.rate.begin(now);
    standIn.usedAt = now;
    if (isHeld) return true;
    standIn.wasLent(lent.length, now);
    void this.#send(job, lent);
    return true;
  }

  /** What can't be sent is done here, or tried again. @param again the name that the loan of these went by */
  async #send(job: GatewayJob, lent: readonly Lent[], again?: string): Promise<void> {
    try {
      this.follow(job);
      await offerLent(this.#state, this.#inputs, job, lent, again);
    } catch (cause) {
      const error = ShoalError.from(cause);
      this.#state.log.debug(`Tasks of ${job.name} could not be lent: ${error.message}`);
      if (error.code === "disk-full") this.#trouble.met(error);
      for (const one of lent) this.#takeBack(one);
    }
  }

  // --- what becomes of it ---

  #mindAll(now: number): void {
    const { engine, jobs } = this.#state;
    const passedMs = now - this.#lookedAt;
    this.#lookedAt = now;
    const isDeaf = engine.status().state === "paused";
    const unclaimed = new Map<string, Lent[]>();
    for (const lent of this.#lent) {
      if (isDeaf) standStill(lent, passedMs);
      else if (this.#mind(lent, now) === "unclaimed" && lent.sentAs !== undefined) unclaimed.set(lent.sentAs, [...(unclaimed.get(lent.sentAs) ?? []), lent]);
    }
    for (const [name, lent] of unclaimed) {
      const job = jobs.get(lent[0]?.task.job ?? "");
      if (job !== undefined) void this.#send(job, lent, name);
    }
  }

  /**
   * What others may still do is left to them as long as workers have other things to do: nothing is gained by computing it now, and once too often it would be, should they be late.
   * `unclaimed`: it is to be sent again.
   */
  #mind(lent: Lent, now: number): "unclaimed" | undefined {
    const { loop, settings } = this.#state;
    const attempt = loop.state.connections.get(lent.standIn.joined.connection)?.attempts.get(lent.number);
    if (attempt === undefined) this.#lent.drop(lent);
    else if (lent.heardAt !== undefined) {
      const silentMs = now - lent.heardAt;
      if (silentMs > settings.lentMs * (isShortOfTasks(loop.state, lent.task) ? 1 : patience)) this.#takeBack(lent);
      else if (!this.standIns.isBefore(lent.standIn) && !this.#inputs.isStored(lent)) void this.#inputs.store(lent).catch(() => {});
    } else if (lent.sentAs !== undefined && now - lent.offeredAt > settings.unclaimedMs) {
      // Those that want it have the queue; another loan of it would be one more there.
      const isWanted = lent.standIn.wants.size > 0 && !isAnyIdleHere(loop.state, lent.task);
      if (lent.offers > (isWanted ? patience : 1)) this.#takeBack(lent);
      else {
        // The queue may have lost it.
        lent.offers++;
        lent.offeredAt = now;
        this.#inputs.forget(lent);
        return "unclaimed";
      }
    }
    return undefined;
  }

  #held(job: GatewayJob, tasks: readonly string[]): void {
    const now = this.#state.clock.now();
    for (const key of tasks) {
      const lent = this.#lent.withKey(job, key);
      if (lent !== undefined) {
        lent.heardAt = now;
        lent.standIn.untakenSince = undefined;
      } else this.#before.heard(job, key, now);
    }
  }

  #failed(number: number, error: ErrorData, row: number | undefined): void {
    const lent = this.#lent.numbered(number);
    if (lent === undefined) return;
    this.#lent.drop(lent);
    lent.standIn.failures++;
    if (error.code === "blob-missing") this.#inputs.forget(lent);
    this.#fail(lent, error, row);
  }

  #fail({ task, number, standIn }: Lent, error: ErrorData, row?: number): void {
    const { loop } = this.#state;
    loop.tell({ kind: "failed", connection: standIn.joined.connection, task, attempt: { epoch: loop.epoch, number }, failure: failureOfError(error), error, ...(row === undefined ? {} : { row }) });
  }

  /** The loan came back, or nobody has it: others may do it, this gateway too. */
  #takeBack(lent: Lent): void {
    this.#lent.drop(lent);
    this.#fail(lent, { code: "aborted", message: "Nobody elsewhere has it.", failure: "aborted" });
  }

  /** A loan of its own was given to this gateway: it is free for it again. */
  cameBack(numbers: Iterable<number>): void {
    for (const number of numbers) {
      const lent = this.#lent.numbered(number);
      if (lent !== undefined) this.#takeBack(lent);
    }
  }

  /** Another gateway, or another worker, has done it. */
  decided(task: TaskId, isResult: boolean): void {
    const lent = this.#lent.of(task);
    if (lent === undefined) return;
    this.#lent.drop(lent);
    lent.standIn.untakenSince = undefined;
    if (!isResult) return;
    lent.standIn.rowsDone += task.rows;
    lent.standIn.blocksDone++;
    lent.standIn.rate.add(this.#state.clock.now(), task.rows);
  }

  // --- jobs that others have to do with ---

  /** From the first lease to elsewhere on, and where others have had to do with the job before. */
  follow(job: GatewayJob): void {
    this.#followed.follow(job);
  }

  isFollowing(job: GatewayJob): boolean {
    return this.#followed.has(job);
  }

  /** @param keys what others had of it before it came to be led here */
  heldBefore(job: GatewayJob, keys: readonly string[]): void {
    if (this.#followed.has(job)) this.#before.begin(job, keys, this.#state.clock.now());
  }

  /** The stand-in for whoever has a block already; none where nobody does. */
  heldBy(job: GatewayJob, task: Omit<TaskId, "job">): { readonly heldBy?: string } {
    const { clock, settings } = this.#state;
    const at = this.#before.take(job, task);
    return at === undefined || clock.now() - at > settings.lentMs ? {} : { heldBy: this.standIns.before() };
  }

  /** What is lent of a job, by the keys of the tasks. */
  keysOf(job: GatewayJob): string[] {
    return this.#lent.ofJob(job).map(({ task }) => blockKey(task));
  }

  /** It is led elsewhere from now on. */
  leave(job: GatewayJob): void {
    const lent = this.#lent.ofJob(job);
    if (this.#followed.has(job)) this.#leave(job);
    for (const one of lent) this.#fail(one, { code: "aborted", message: "The job is led by another gateway now.", failure: "aborted" });
  }

  /** The job is over, or led here no more. */
  #leave(job: GatewayJob): void {
    this.#followed.leave(job);
    for (const lent of this.#lent.ofJob(job)) this.#lent.drop(lent);
    this.#before.forget(job);
    const { engine, loop, log } = this.#state;
    // Those who help with it need not go on.
    const { role, state: how } = job;
    if (role === undefined || (how !== "failed" && how !== "cancelled")) return;
    engine.ledger.append(job.name, [{ kind: "closed", gateway: loop.epoch, how }], { role: roleOf(job.name), epoch: role.epoch }).catch((error: unknown) => log.debug(ShoalError.from(error).message));
  }
}

/** Where the engine does not answer, nobody's word could have been heard. */
function standStill(lent: Lent, ms: number): void {
  lent.offeredAt += ms;
  if (lent.heardAt !== undefined) lent.heardAt += ms;
}
