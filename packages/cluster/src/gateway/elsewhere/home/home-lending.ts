import { ShoalError, type ErrorData } from "@shoal/core";
import type { SchedulerEffect, TaskId } from "../../../scheduler/index.ts";
import type { Claims } from "../claims.ts";
import { blobRenewMs } from "../../blob-ages.ts";
import { blockKey } from "../../results/commit-record.ts";
import type { Commits } from "../../results/commits.ts";
import { describeJob } from "../../jobs/describe-job.ts";
import { failJob } from "../../jobs/end-job.ts";
import type { EngineTrouble } from "../../engine-trouble.ts";
import { followJob } from "../follow-job.ts";
import type { GatewayJob } from "../../jobs/gateway-job.ts";
import type { GatewayState } from "../../gateway-state.ts";
import { failureOfError, type JobNote } from "../job-notes.ts";
import { roleOf } from "../job-roles.ts";
import type { Lent } from "./lending-pool.ts";
import { LendingPools } from "./lending-pools.ts";
import { bundlesOf, taskClass } from "../lent-bundle.ts";
import { isAnyIdleHere, isShortOfTasks } from "./idle-here.ts";

type LeaseEffect = Extract<SchedulerEffect, { kind: "lease" }>;

const lookMs = 500;
/** What is lent at once is cut so that each gateway which wants something may take so many bundles. */
const bundlesEach = 4;
/** After so long without anything lent it begins anew that nobody takes any. */
const restMs = 30_000;
/** So many times longer is waited for others where nobody would be idle meanwhile. */
const patience = 4;

/** The blocks of jobs that are led here, lent to other gateways: what their pools are leased goes to the queue, and comes back by the ledger. */
export class HomeLending {
  readonly #state: GatewayState;
  readonly #commits: Commits;
  readonly #claims: Claims;
  readonly #trouble: EngineTrouble;
  readonly pools: LendingPools;
  readonly #byKey = new Map<string, Lent>();
  /** By the keys of their tasks, when it was last heard that others have them. */
  readonly #heldBefore = new Map<GatewayJob, Map<string, number>>();
  readonly #following = new Map<GatewayJob, AbortController>();
  /** When the rows of a block were last put among the blobs, by their SHA-256. */
  readonly #stored = new Map<string, number>();
  readonly #storing = new Map<string, Promise<void>>();
  #lookedAt = 0;

  constructor(state: GatewayState, commits: Commits, claims: Claims, trouble: EngineTrouble) {
    this.#state = state;
    this.#commits = commits;
    this.#claims = claims;
    this.#trouble = trouble;
    this.pools = new LendingPools(state);
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
    for (const [job, following] of this.#following) if (job.isOver || job.role === undefined || this.#state.jobs.get(job.name) !== job) this.#leave(job, following);
    this.#mindAll(now);
    for (const [sha256, at] of this.#stored) if (now - at > blobRenewMs) this.#stored.delete(sha256);
    this.pools.mind(now);
  }

  #mindAll(now: number): void {
    const { engine, jobs } = this.#state;
    const passedMs = now - this.#lookedAt;
    this.#lookedAt = now;
    const isDeaf = engine.status().state === "paused";
    const unclaimed = new Map<string, Lent[]>();
    for (const pool of this.pools) for (const lent of pool.lent.values()) {
      if (isDeaf) standStill(lent, passedMs);
      else if (this.#mind(lent, now) === "unclaimed" && lent.sentAs !== undefined) unclaimed.set(lent.sentAs, [...(unclaimed.get(lent.sentAs) ?? []), lent]);
    }
    for (const [name, lent] of unclaimed) {
      const job = jobs.get(lent[0]?.task.job ?? "");
      if (job !== undefined) void this.#send(job, lent, name);
    }
  }

  // --- lending ---

  /** Whether the lease was of a pool. */
  lease({ connection, tasks }: LeaseEffect): boolean {
    const pool = this.pools.get(connection);
    if (pool === undefined) return false;
    const [first] = tasks;
    const { jobs, clock, inputs } = this.#state;
    const job = first && jobs.get(first.task.job);
    if (job === undefined || first === undefined) return true;
    this.pools.spend(pool, tasks.length);
    const now = clock.now();
    const className = taskClass(pool.device, job.spec.segments[first.task.segment]?.needs ?? {});
    const lent: Lent[] = [];
    const isHeld = this.pools.isBefore(pool);
    for (const { task, attempt: { number } } of tasks) {
      const held = inputs.get(task);
      if (held === undefined) {
        failJob(this.#state, job, new ShoalError("block-not-held", `Block ${task.block} of segment ${task.segment} was to be lent, and its rows are not here.`, { failure: "bug", hint: "Report this, and run the job again: what is done is kept." }).toData());
        return true;
      }
      const one: Lent = { task, input: held.input, number, blockRows: held.rows, pool, className, offeredAt: now, heardAt: isHeld ? now : undefined, offers: 1 };
      this.#add(one);
      lent.push(one);
    }
    pool.rate.begin(now);
    pool.usedAt = now;
    if (isHeld) return true;
    if (pool.lent.size === lent.length && now - pool.lentAt > restMs) pool.untakenSince = undefined;
    pool.untakenSince ??= now;
    pool.lentAt = now;
    void this.#send(job, lent);
    return true;
  }

  /**
   * Rows among the blobs first, then the tasks into the queue. What can't be sent is done here, or tried again.
   * @param again the name that the bundle of these went by: should the queue still have it, it is not there twice
   */
  async #send(job: GatewayJob, lent: readonly Lent[], again?: string): Promise<void> {
    const { engine, loop, log, name, date } = this.#state;
    const [first] = lent;
    if (first === undefined) return;
    try {
      this.follow(job);
      const description = await describeJob(this.#state, job, roleOf(job.name));
      await Promise.all(lent.map((one) => this.#store(one)));
      const { task: { segment }, className } = first;
      const most = again === undefined ? Math.ceil(lent.length / (bundlesEach * Math.max(1, first.pool.wants.size))) : lent.length;
      let named = 0;
      for (const bundle of bundlesOf({ job: job.name, description, segment, home: loop.epoch, by: name, at: date(), tasks: lent }, className, job.spec.priority, most)) {
        const id = again ?? bundle.id;
        const { tasks } = bundle.body;
        if (Array.isArray(tasks)) for (const one of lent.slice(named, (named += tasks.length))) one.sentAs = id;
        if ((await engine.queue.offer({ ...bundle, id })) === "full") log.debug(`The queue has no room for tasks of ${job.name}.`);
      }
    } catch (cause) {
      const error = ShoalError.from(cause);
      log.debug(`Tasks of ${job.name} could not be lent: ${error.message}`);
      if (error.code === "disk-full") this.#trouble.met(error);
      for (const one of lent) this.#takeBack(one);
    }
  }

  /** Once for all who ask meanwhile: parts of a block have the same rows. */
  #store({ task, input }: Lent): Promise<void> {
    const held = this.#stored.has(input) ? undefined : this.#state.inputs.get(task);
    if (held === undefined) return Promise.resolve();
    let storing = this.#storing.get(input);
    if (storing === undefined) {
      storing = this.#put(input, held.payload).finally(() => this.#storing.delete(input));
      this.#storing.set(input, storing);
    }
    return storing;
  }

  async #put(input: string, payload: Uint8Array): Promise<void> {
    const { engine, clock } = this.#state;
    await engine.blobs.put(input, payload);
    this.#stored.set(input, clock.now());
  }

  // --- what became of it ---

  /** From the first lease to elsewhere on, and where others have had to do with the job before. */
  follow(job: GatewayJob): void {
    if (this.#following.has(job) || job.role === undefined) return;
    const following = new AbortController();
    this.#following.set(job, following);
    const signal = AbortSignal.any([following.signal, this.#state.signal]);
    void followJob(this.#state, this.#commits, job, job.knownSeq + 1, signal, {
      note: (note) => this.#hear(job, note),
      opened: ({ gateway }) => void (gateway !== undefined && job.epochs.add(gateway)),
      // That its ledger is gone is met by whoever commits next.
      ended: () => {},
    }).catch(() => {});
  }

  isFollowing(job: GatewayJob): boolean {
    return this.#following.has(job);
  }

  #hear(job: GatewayJob, note: JobNote): void {
    const { loop } = this.#state;
    if (note.gateway === loop.epoch) return;
    switch (note.kind) {
      case "joined": return void job.epochs.add(note.gateway);
      case "claim": return this.#claims.heard(job, note.claim);
      case "holds": return this.#held(job, note.tasks);
      case "failed": {
        if (note.task === undefined) return failJob(this.#state, job, note.error);
        return note.home === loop.epoch ? this.#failed(note.task, note.error, note.row) : undefined;
      }
    }
  }

  #held(job: GatewayJob, tasks: readonly string[]): void {
    const now = this.#state.clock.now();
    for (const key of tasks) {
      const lent = this.#byKey.get(`${job.name}/${key}`);
      if (lent !== undefined) {
        lent.heardAt = now;
        lent.pool.untakenSince = undefined;
      } else this.#heldBefore.get(job)?.set(key, now);
    }
  }

  /** What others had of a job before it came to be led here: nobody here begins it as long as they say so. */
  heldBefore(job: GatewayJob, keys: readonly string[]): void {
    const now = this.#state.clock.now();
    if (this.#following.has(job)) this.#heldBefore.set(job, new Map(keys.map((key) => [key, now])));
  }

  /** The pool for whoever has a block already; none where nobody does. */
  heldBy(job: GatewayJob, task: Omit<TaskId, "job">): { readonly heldBy?: string } {
    const held = this.#heldBefore.get(job);
    if (held === undefined || held.size === 0) return {};
    const { clock, settings } = this.#state;
    const key = blockKey(task);
    const at = held.get(key);
    held.delete(key);
    if (at === undefined || clock.now() - at > settings.lentMs) return {};
    return { heldBy: this.pools.before() };
  }

  #add(lent: Lent): void {
    lent.pool.lent.set(lent.number, lent);
    this.#byKey.set(keyOf(lent.task), lent);
  }

  #drop(lent: Lent): void {
    lent.pool.lent.delete(lent.number);
    if (this.#byKey.get(keyOf(lent.task)) === lent) this.#byKey.delete(keyOf(lent.task));
  }

  #failed(number: number, error: ErrorData, row: number | undefined): void {
    for (const pool of this.pools) {
      const lent = pool.lent.get(number);
      if (lent === undefined) continue;
      this.#drop(lent);
      pool.failures++;
      if (error.code === "blob-missing") this.#stored.delete(lent.input);
      this.#fail(lent, error, row);
    }
  }

  #fail({ task, number, pool }: Lent, error: ErrorData, row?: number): void {
    const { loop } = this.#state;
    loop.tell({ kind: "failed", connection: pool.joined.connection, task, attempt: { epoch: loop.epoch, number }, failure: failureOfError(error), error, ...(row === undefined ? {} : { row }) });
  }

  /** The bundle came back, or nobody has it: others may do it, this gateway too. */
  #takeBack(lent: Lent): void {
    this.#drop(lent);
    this.#fail(lent, { code: "aborted", message: "Nobody elsewhere has it.", failure: "aborted" });
  }

  /** A bundle of its own was given to this gateway: it is free for it again. */
  cameBack(numbers: Iterable<number>): void {
    for (const number of numbers) for (const pool of this.pools) {
      const lent = pool.lent.get(number);
      if (lent !== undefined) this.#takeBack(lent);
    }
  }

  /** Another gateway, or another worker, has done it. */
  decided(task: TaskId, isResult: boolean): void {
    const lent = this.#byKey.size === 0 ? undefined : this.#byKey.get(keyOf(task));
    if (lent === undefined) return;
    this.#drop(lent);
    lent.pool.untakenSince = undefined;
    if (!isResult) return;
    lent.pool.rowsDone += task.rows;
    lent.pool.blocksDone++;
    lent.pool.rate.add(this.#state.clock.now(), task.rows);
  }

  /**
   * What others may still do is left to them as long as workers have other things to do: nothing is gained by computing it now, and once too often it would be, should they be late.
   * `unclaimed`: it is to be sent again.
   */
  #mind(lent: Lent, now: number): "unclaimed" | undefined {
    const { loop, settings } = this.#state;
    const attempt = loop.state.connections.get(lent.pool.joined.connection)?.attempts.get(lent.number);
    if (attempt === undefined) this.#drop(lent);
    else if (lent.heardAt !== undefined) {
      const silentMs = now - lent.heardAt;
      if (silentMs > settings.lentMs * (isShortOfTasks(loop.state, lent.task) ? 1 : patience)) this.#takeBack(lent);
      else if (!this.pools.isBefore(lent.pool) && !this.#stored.has(lent.input)) void this.#store(lent).catch(() => {});
    } else if (lent.sentAs !== undefined && now - lent.offeredAt > settings.unclaimedMs) {
      // Those that want it have the queue; another bundle of it would be one more there.
      const isWanted = lent.pool.wants.size > 0 && !isAnyIdleHere(loop.state, lent.task);
      if (lent.offers > (isWanted ? patience : 1)) this.#takeBack(lent);
      else {
        // The queue may have lost it.
        lent.offers++;
        lent.offeredAt = now;
        this.#stored.delete(lent.input);
        return "unclaimed";
      }
    }
    return undefined;
  }

  /** The job is over, or led here no more. */
  #leave(job: GatewayJob, following: AbortController): void {
    this.#following.delete(job);
    this.#claims.forget(job);
    following.abort();
    for (const pool of this.pools) for (const lent of pool.lent.values()) if (lent.task.job === job.name) this.#drop(lent);
    this.#heldBefore.delete(job);
    const { engine, loop, log } = this.#state;
    // Those who help with it need not go on.
    const { role, state: how } = job;
    if (role === undefined || (how !== "failed" && how !== "cancelled")) return;
    engine.ledger.append(job.name, [{ kind: "closed", gateway: loop.epoch, how }], { role: roleOf(job.name), epoch: role.epoch }).catch((error: unknown) => log.debug(ShoalError.from(error).message));
  }

  /** What is lent of a job, by the keys of the tasks. */
  keysOf(job: GatewayJob): string[] {
    return [...this.pools].flatMap((pool) => [...pool.lent.values()].filter(({ task }) => task.job === job.name).map(({ task }) => blockKey(task)));
  }

  /** It is led elsewhere from now on. */
  leave(job: GatewayJob): void {
    const following = this.#following.get(job);
    const lent = [...this.pools].flatMap((pool) => [...pool.lent.values()].filter(({ task }) => task.job === job.name));
    if (following !== undefined) this.#leave(job, following);
    for (const one of lent) this.#fail(one, { code: "aborted", message: "The job is led by another gateway now.", failure: "aborted" });
  }
}

function keyOf({ job, ...task }: TaskId): string {
  return `${job}/${blockKey(task)}`;
}

/** Where the engine does not answer, nobody's word could have been heard. */
function standStill(lent: Lent, ms: number): void {
  lent.offeredAt += ms;
  if (lent.heardAt !== undefined) lent.heardAt += ms;
}
