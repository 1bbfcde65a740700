import { ShoalError, type ErrorData } from "@shoal/core";
import { sha256Of, type QueueLease } from "../../../engine/index.ts";
import type { TaskEntry, TaskId } from "../../../scheduler/index.ts";
import { isAble } from "../../../scheduler/classes.ts";
import { isPool } from "../../../scheduler/pools.ts";
import { findTask, isOpenTask, segmentOf } from "../../../scheduler/state.ts";
import { blockKey } from "../../results/commit-record.ts";
import type { Claims } from "../claims.ts";
import type { GatewayJob } from "../../jobs/gateway-job.ts";
import type { GatewayState } from "../../gateway-state.ts";
import { GuestBundle } from "./guest-bundle.ts";
import { GuestBundles } from "./guest-bundles.ts";
import type { GuestStanding } from "./guest-standing.ts";
import { hungerOf, type Hunger } from "./guest-hunger.ts";
import { noteError, type GuestJobs } from "./guest-jobs.ts";
import { holdsNotes } from "../job-notes.ts";
import { bundleOf, classesFor, type LentBundle, type LentTask } from "../lent-bundle.ts";
import { queuedWant } from "../want.ts";

const lookMs = 250;
/** While blocks come, what is missing is said as soon as it is. */
const soonMs = 250;
/** Until some came. */
const unknownTasksPerBundle = 24;
const mostBundles = 16;
const pauseMs = 1_000;
/** A task that this gateway can't run is for another one, which needs a moment to take it. */
const giveBackMs = 1_000;
/** Of one that can't be taken: by then its home has taken back what it lent. */
const mostDeliveries = 20;
/** One that is given out again, or lay so long, may be done. */
const oldMs = 5_000;

/** Blocks of other gateways' jobs come in where workers here have nothing to do: said in wants, pulled from the queue, acknowledged when the ledger has answered. */
export class GuestInlet {
  readonly #state: GatewayState;
  readonly #guests: GuestJobs;
  readonly #claims: Claims;
  readonly #onOwn: (numbers: Iterable<number>) => void;
  readonly #bundles = new GuestBundles();
  /** Tasks in each of those that came last: what is taken beyond its hunger another gateway's workers wait for. */
  #perBundle = unknownTasksPerBundle;
  /** Tasks on their way in. */
  #entering = 0;
  #wantedAt = -Infinity;
  #saidAt = -Infinity;
  /** Since when it is said in vain what is wanted. */
  #unheardSince: number | undefined;
  /** Something came since it was last said what is wanted. */
  #hasCome = false;
  #isPulling = false;
  /** What came since its homes were told last what is here. */
  #unsaid: GuestBundle[] = [];
  /** Tasks that were withdrawn while the scheduler was at something: the rows of their blocks go when it is through. */
  readonly #leaving: TaskId[] = [];
  /** Jobs of which it is being said what is held. */
  readonly #saying = new Set<GatewayJob>();

  /** @param onOwn bundles of this gateway's own came back to it */
  constructor(state: GatewayState, guests: GuestJobs, claims: Claims, onOwn: (numbers: Iterable<number>) => void) {
    this.#state = state;
    this.#guests = guests;
    this.#claims = claims;
    this.#onOwn = onOwn;
  }

  /** Tasks of other gateways' jobs that are here. */
  get held(): number {
    return this.#entering + this.#bundles.tasks;
  }

  async run(): Promise<void> {
    const { clock, signal, log } = this.#state;
    while (!signal.aborted) {
      await clock.sleep(lookMs, signal);
      try {
        this.#look();
      } catch (error) {
        log.warn(`What other gateways lend could not be looked after: ${ShoalError.from(error).message}`);
      }
    }
  }

  #look(): void {
    const { clock, engine, settings } = this.#state;
    const now = clock.now();
    for (const bundle of this.#bundles) {
      if (now - bundle.extendedAt >= engine.queue.leaseMs / 3) bundle.extend(now);
      if (this.#isMoving(bundle)) bundle.movedAt = now;
      // Workers went, or have other things to do: others are to have it.
      if (!this.#canRun(bundle.job, bundle.bundle.segment) || now - bundle.movedAt > settings.lentMs) this.#giveBack(bundle);
    }
    // What comes in may count on the same rows.
    if (this.#entering === 0) for (const task of this.#leaving.splice(0)) this.#forgetInput(task);
    if (now - this.#saidAt >= settings.wantMs) this.#sayHeld(now);
    else if (this.#unsaid.length > 0) this.#sayNew();
    this.#mindIdle(now);
    const hunger = this.#hunger();
    if (hunger.blocks > 0) this.#want(hunger, now);
    else this.#unheardSince = undefined;
  }

  /** A job of which nothing was here for long is let go. */
  #mindIdle(now: number): void {
    const { jobs, settings } = this.#state;
    for (const job of jobs.values()) {
      if (job.guest === undefined) continue;
      if (this.#bundles.hasAnyOf(job) || this.#isComputing(job)) job.guest.idleSince = undefined;
      else if (now - (job.guest.idleSince ??= now) > settings.guestIdleMs) this.#guests.drop(job);
    }
  }

  /** Workers have some of it, or the ledger has yet to answer. */
  #isComputing(job: GatewayJob): boolean {
    const segments = this.#state.loop.state.jobs.get(job.name)?.segments ?? [];
    return segments.some(({ open }) => [...open.values()].some(({ parts }) => parts.some(({ attempts, committing }) => attempts.length > 0 || committing !== undefined)));
  }

  // --- hunger ---

  #hunger(): Hunger {
    const { loop, inputs, settings, closing } = this.#state;
    if (closing.aborted || inputs.bytes >= settings.heldBytes) return { blocks: 0, wants: [] };
    return hungerOf(loop.state, loop.epoch, this.held);
  }

  #want(hunger: Hunger, now: number): void {
    const { engine, settings, date, log } = this.#state;
    if (now - this.#wantedAt >= (this.#hasCome ? soonMs : settings.wantMs)) {
      this.#wantedAt = now;
      if (this.#hasCome) this.#unheardSince = undefined;
      this.#hasCome = false;
      const unheardMs = now - (this.#unheardSince ??= now);
      for (const want of hunger.wants) engine.queue.offer(queuedWant(want, date(), unheardMs)).catch((error: unknown) => log.debug(`The queue can't be asked now: ${ShoalError.from(error).message}`));
    }
    if (!this.#isPulling) void this.#pull();
  }

  async #pull(): Promise<void> {
    const { engine, settings, signal, closing, clock, log } = this.#state;
    this.#isPulling = true;
    try {
      for (let hunger = this.#hunger(); hunger.blocks > 0; hunger = this.#hunger()) {
        const classes = [...new Set(hunger.wants.flatMap(({ device, volunteer, runsCode }) => classesFor(device, { volunteer, runsCode })))];
        const count = Math.min(mostBundles, Math.ceil(hunger.blocks / this.#perBundle));
        const leases = await engine.queue.pull(classes, count, settings.wantMs, closing);
        if (leases.length === 0) return;
        const before = this.#entering;
        let isOwn = false;
        for (const lease of leases) isOwn = this.#take(lease) || isOwn;
        if (this.#entering > before) this.#perBundle = (this.#entering - before) / leases.length;
        // It may go out again at once, and is for others to take then.
        if (isOwn) await clock.sleep(pauseMs, closing);
      }
    } catch (error) {
      if (signal.aborted || closing.aborted) return;
      log.debug(`The queue can't be asked now: ${ShoalError.from(error).message}`);
      await clock.sleep(pauseMs, signal).catch(() => {});
    } finally {
      this.#isPulling = false;
    }
  }

  // --- what comes in ---

  /** True: this gateway had lent it itself. */
  #take(lease: QueueLease): boolean {
    const { jobs, loop } = this.#state;
    const bundle = bundleOf(lease.task.body);
    const done = (): boolean => {
      lease.acknowledge().catch(() => {});
      return bundle?.home === loop.epoch;
    };
    // The queue made it up.
    if (bundle === undefined) return done();
    const known = jobs.get(bundle.job);
    if (bundle.home === loop.epoch) this.#onOwn(bundle.tasks.map(({ number }) => number));
    // Of its own, or of a job that is led here now: its driver has offered what is in it, or will.
    if (bundle.home === loop.epoch || (known !== undefined && known.guest === undefined)) return done();
    this.#hasCome = true;
    this.#entering += bundle.tasks.length;
    this.#enter(bundle, lease)
      .catch((error: unknown) => {
        this.#state.log.debug(`Tasks of ${bundle.job} could not be taken: ${ShoalError.from(error).message}`);
        // What describes the job is not there, for anybody; or nobody could ever take it, and it would come round and round. Should it be one all the same, its home offers it again.
        void (ShoalError.is(error, "blob-missing") || lease.deliveries > mostDeliveries ? lease.acknowledge() : lease.giveBack(giveBackMs)).catch(() => {});
      })
      .finally(() => {
        this.#entering -= bundle.tasks.length;
      });
    return false;
  }

  async #enter(bundle: LentBundle, lease: QueueLease): Promise<void> {
    const { clock } = this.#state;
    const job = await this.#guests.open(bundle.job, bundle.description, bundle);
    if (job?.guest === undefined) return lease.acknowledge();
    job.guest.home = bundle.home;
    job.guest.by = bundle.by;
    job.guest.idleSince = undefined;
    job.epochs.add(bundle.home);
    if (!this.#canRun(job, bundle.segment)) return lease.giveBack(giveBackMs);
    const wanted = await this.#undecided(job.guest, bundle, lease.deliveries);
    if (wanted.length === 0) return lease.acknowledge();
    const entered = new GuestBundle(job, bundle, lease, clock.now());
    const fetched = await Promise.allSettled(wanted.map((task) => this.#fetch(entered, task)));
    const failure = fetched.find((one) => one.status === "rejected");
    // It may have come to be led here, or to its end, meanwhile.
    const isLent = this.#state.jobs.get(job.name) === job && (job.guest as unknown) !== undefined;
    if (failure !== undefined || !isLent || this.#state.closing.aborted) {
      for (const { task } of wanted) this.#forgetInput(task);
      if (!isLent) return lease.acknowledge();
      if (failure === undefined) return lease.giveBack();
      throw failure.reason;
    }
    if (entered.left.size === 0) return lease.acknowledge();
    this.#bundles.add(entered);
    this.#unsaid.push(entered);
    for (const lent of entered.left.values()) {
      // While its rows were fetched, it may have been done.
      if (isDecided(job.guest, lent)) this.#settle(lent.task);
      else this.#lend(lent.task, lent.blockRows, lent.input);
    }
  }

  async #undecided(standing: GuestStanding, { job, tasks, at }: LentBundle, deliveries: number): Promise<LentTask[]> {
    const { engine, date } = this.#state;
    const open = tasks.filter((task) => !isDecided(standing, task) && !this.#claims.isMade(task));
    if (deliveries <= 1 && Math.abs(date() - at) < oldMs) return open;
    const committed = await Promise.all(open.map(({ task }) => engine.ledger.committed(job, blockKey(task))));
    return open.filter((_, index) => committed[index] === undefined);
  }

  /** The rows of a task's block, where they are not here. One whose rows are lost goes back to whoever lent it. */
  async #fetch(bundle: GuestBundle, lent: LentTask): Promise<void> {
    const { engine, inputs } = this.#state;
    const { task, input, blockRows } = lent;
    if (inputs.get(task)?.input !== input) {
      try {
        const payload = await engine.blobs.get(input);
        if ((await sha256Of(payload as Uint8Array<ArrayBuffer>)) !== input) throw new ShoalError("blob-damaged", `Blob ${input} is not what it is called.`, { hint: "Check the store of blobs." });
        inputs.hold(task, { rows: blockRows, input, payload, offeredBy: "" });
      } catch (error) {
        if (!ShoalError.is(error, "blob-missing") && !ShoalError.is(error, "blob-damaged")) throw error;
        this.#sayFailed(bundle, lent, { code: "blob-missing", message: ShoalError.from(error).message, failure: "aborted" });
        return;
      }
    }
    bundle.left.set(blockKey(task), lent);
  }

  #lend(task: TaskId, blockRows: number, input: string): void {
    const { loop, inputs } = this.#state;
    const held = inputs.get(task);
    if (held?.input === input) loop.tell({ kind: "task-lent", task, blockRows, bytes: held.payload.byteLength });
    // Another job's rows under one name, or parts that overlap: not to be run here.
    if (!isOpenTask(this.#state.loop.state, task)) this.#settle(task);
  }

  #isMoving({ left }: GuestBundle): boolean {
    for (const { task } of left.values()) {
      const segment = segmentOf(this.#state.loop.state, task);
      const found = segment && findTask(segment, task);
      if (found !== undefined && (found.attempts.length > 0 || found.committing !== undefined)) return true;
    }
    return false;
  }

  /** A live worker of this gateway is able to run it. */
  #canRun(job: GatewayJob, segment: number): boolean {
    const needs = job.spec.segments[segment]?.needs;
    if (needs === undefined) return false;
    for (const worker of this.#state.loop.state.live) if (!isPool(worker) && isAble(worker, needs)) return true;
    return false;
  }

  // --- what becomes of it ---

  /** The ledger has the task. */
  decided(task: TaskId): void {
    this.#settle(task);
  }

  #settle(task: TaskId): void {
    const job = this.#state.jobs.get(task.job);
    if (job === undefined || !this.#bundles.hasAnyOf(job)) return;
    for (const bundle of this.#bundles.settle(job, blockKey(task))) bundle.acknowledge();
    this.#forgetInput(task);
  }

  /** Its rows are needed as long as a part of the block is here. */
  #forgetInput(task: TaskId): void {
    const { loop, inputs } = this.#state;
    if (segmentOf(loop.state, task)?.open.has(task.block) !== true) inputs.take(task);
  }

  /** Workers here failed at a task until it is to be cut up or given up: that is for its home to say, which may know better workers. */
  sentence(job: GatewayJob, task: TaskId, entry: Exclude<TaskEntry, { kind: "result" }>): void {
    const { loop } = this.#state;
    const segment = segmentOf(loop.state, task);
    const trouble = (segment && findTask(segment, task))?.trouble;
    const error = trouble?.lastError ?? (entry.kind === "quarantine" ? entry.error : { code: "worker-lost", message: "Workers failed at it." });
    for (const bundle of this.#bundles.with(job, blockKey(task))) {
      const lent = bundle.left.get(blockKey(task));
      if (lent !== undefined) this.#sayFailed(bundle, lent, error, trouble?.guiltyRow);
    }
    this.withdraw(task);
  }

  #sayFailed({ job, bundle }: GuestBundle, { number }: LentTask, error: ErrorData, row?: number): void {
    void this.#guests.tell(job.name, { kind: "failed", gateway: this.#state.loop.epoch, home: bundle.home, task: number, error: noteError(error), ...(row === undefined ? {} : { row }) });
  }

  /** It is not to be run here any more. */
  withdraw(task: TaskId): void {
    this.#state.loop.tell({ kind: "task-withdrawn", task });
    this.#settle(task);
    this.#leaving.push(task);
  }

  #giveBack(bundle: GuestBundle): void {
    const tasks = [...bundle.left.values()];
    this.#bundles.forget(bundle);
    bundle.giveBack();
    for (const { task } of tasks) if (this.#bundles.with(bundle.job, blockKey(task)).length === 0) this.#state.loop.tell({ kind: "task-withdrawn", task });
    for (const { task } of tasks) this.#forgetInput(task);
  }

  /** Of a job that is over, or led here now: the queue need not keep what was lent of it. */
  left(job: GatewayJob): void {
    for (const bundle of this.#bundles) {
      if (bundle.job !== job) continue;
      bundle.acknowledge();
      this.#bundles.forget(bundle);
    }
  }

  /** The gateway ends: others are to have it at once. */
  giveBackAll(): void {
    for (const bundle of this.#bundles) this.#giveBack(bundle);
  }

  /** What is held is said to whoever leads the jobs, which takes what nobody says for lost. */
  #sayHeld(now: number): void {
    this.#saidAt = now;
    this.#unsaid = [];
    for (const job of this.#state.jobs.values()) {
      // An engine that does not answer is not told the same again and again.
      if (job.guest === undefined || this.#saying.has(job)) continue;
      this.#saying.add(job);
      void this.sayHeldOf(job).finally(() => this.#saying.delete(job));
    }
  }

  /** Said anew is only what is new: all that is here, each time that something comes, would be more than the results. */
  #sayNew(): void {
    const keys = new Map<string, string[]>();
    for (const { job, left } of this.#unsaid) {
      const all = keys.get(job.name) ?? [];
      all.push(...left.keys());
      keys.set(job.name, all);
    }
    this.#unsaid = [];
    for (const [job, all] of keys) for (const note of holdsNotes(this.#state.loop.epoch, all)) void this.#guests.tell(job, note);
  }

  /** Of a job: what was lent, and what workers had, or was on its way into the ledger, when this gateway still led it. @param more keys of what others have beside that */
  async sayHeldOf(job: GatewayJob, more: readonly string[] = []): Promise<void> {
    const keys = new Set([...this.#bundles.keysOf(job), ...more]);
    for (const { index, open } of this.#state.loop.state.jobs.get(job.name)?.segments ?? []) {
      for (const [block, { parts }] of open) for (const { first, rows, attempts, committing } of parts) if (committing !== undefined || attempts.some(({ worker }) => !isPool(worker))) keys.add(blockKey({ segment: index, block, first, rows }));
    }
    await Promise.all(holdsNotes(this.#state.loop.epoch, keys).map((note) => this.#guests.tell(job.name, note)));
  }
}

/** Parts of a block are decided one by one: of these the ledger is asked. */
function isDecided({ decided }: GuestStanding, { task, blockRows }: LentTask): boolean {
  return task.rows === blockRows && decided.has(task);
}
