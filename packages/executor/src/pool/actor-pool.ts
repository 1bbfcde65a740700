import {
  failureClass, ShoalError,
  type Actor, type ActorHost, type ActorRequest, type BatchPolicy, type Block, type BlockResult, type Clock, type Device, type PredictorSpec,
} from "@shoal/core";
import { isStateful, mayChangeRows } from "@shoal/planner";
import type { PoolRecorder } from "../stats/stage-recorder.ts";
import { afterLoss, failedResult, lossOf, mergeResults, type Loss, type Piece } from "./retry.ts";
import { keepDying, stateLost, tooSlow } from "./pool-errors.ts";
import { look, type Sight } from "./watchdog.ts";

export interface PoolSettings {
  readonly spec: PredictorSpec;
  readonly policy: BatchPolicy;
  readonly device: Device;
  readonly minActors: number;
  readonly maxActors: number;
  readonly threads: number;
  /** GPU of each actor, by slot. */
  readonly deviceIndexes: readonly number[];
  readonly maxAttempts: number;
  readonly timeoutMs?: number;
  readonly recycleAfterBatches?: number;
  readonly host: ActorHost;
  readonly clock: Clock;
  readonly record: PoolRecorder;
  readonly onEvent: (event: PoolEvent) => void;
  /** Something changed: a block is done, an actor is there. */
  readonly onChange: () => void;
  /** The pool can't go on, whether or not it has blocks. */
  readonly onFailure: (error: unknown) => void;
  /** About once a second, also while nothing is done. */
  readonly onTick: () => void;
}

export type PoolEvent =
  | { readonly kind: "actor-started"; readonly actor: string; readonly device: string; readonly loadMs: number }
  | { readonly kind: "actor-stopped" | "actor-lost"; readonly actor: string; readonly reason: string }
  | { readonly kind: "notice"; readonly message: string };

/** A block in the pool, and what its parts came to so far. */
interface Task {
  readonly block: Block;
  readonly parts: { readonly first: number; readonly result: BlockResult }[];
  open: number;
  readonly resolve: (result: BlockResult) => void;
  readonly reject: (error: unknown) => void;
}

interface Offer extends Piece {
  readonly task: Task;
}

interface Member {
  readonly actor: Actor;
  readonly slot: number;
  readonly open: Offer[];
  /** Aborted with the actor; one of its own, so that its calls don't pile up listeners on a shared one. */
  readonly ended: AbortController;
  blocksDone: number;
  batchesDone: number;
  /** Takes no more work and ends when what it has is done. */
  retiring: boolean;
  idleSince: number;
  sight: Sight;
  /** Set before it is killed for this. */
  timedOut: boolean;
}

const blocksPerActor = 2;
const idleBeforeRetiringMs = 10_000;
const spawnAttempts = 3;

/** Actors around one predictor: it starts as many as the queue needs, offers each block to the least loaded, and replaces the lost. */
export class ActorPool {
  readonly #settings: PoolSettings;
  readonly #ended = new AbortController();
  readonly #members = new Set<Member>();
  /** Actors that are ending, and their slots: taken until they are gone. */
  readonly #leaving = new Map<Promise<void>, number>();
  readonly #loading = new Map<number, { readonly done: Promise<void>; readonly stop: AbortController }>();
  readonly #queue: Offer[] = [];
  readonly #tasks = new Set<Task>();
  readonly #stateful: boolean;
  #lossesInARow = 0;
  #failedSpawns = 0;
  #spawnProblem: unknown;
  #ceiling: number;
  #failure: { readonly error: unknown } | undefined;
  #started = false;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
    this.#ceiling = settings.maxActors;
    this.#stateful = isStateful(settings.spec);
  }

  /** Blocks that were submitted and are not done. */
  get open(): number {
    return this.#tasks.size;
  }

  /** More blocks than this only lie in the queue. */
  get capacity(): number {
    return blocksPerActor * this.#ceiling;
  }

  get actors(): number {
    return this.#members.size;
  }

  get busy(): number {
    let busy = 0;
    for (const member of this.#members) if (member.open.length > 0) busy++;
    return busy;
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#scale();
    void this.#watch().catch((error: unknown) => this.#fail(error));
  }

  /** @throws what stops the run: the predictor's loading failed, a bug, actors that keep dying. Failures of rows are in the result. */
  submit(block: Block): Promise<BlockResult> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure.error);
      const task: Task = { block, parts: [], open: 1, resolve, reject };
      this.#tasks.add(task);
      this.#queue.push({ task, block, first: 0, losses: 0, alone: false });
      this.#schedule();
    });
  }

  /** Ends every actor at once: idle ones are disposed, busy ones killed. Settles when all are gone. */
  async close(): Promise<void> {
    this.#ended.abort(new ShoalError("aborted", "The pool of actors was closed.", { failure: "aborted" }));
    this.#fail(this.#ended.signal.reason);
    for (const member of this.#members) this.#remove(member, member.open.length > 0 ? "the run ended" : undefined);
    const loading = [...this.#loading.values()];
    for (const { stop } of loading) stop.abort(this.#ended.signal.reason);
    await Promise.allSettled(loading.map(({ done }) => done));
    await Promise.allSettled(this.#leaving.keys());
  }

  #fail(error: unknown): void {
    if (this.#failure === undefined) {
      this.#failure = { error };
      this.#settings.onFailure(error);
    }
    this.#queue.length = 0;
    for (const task of this.#tasks) task.reject(error);
    this.#tasks.clear();
    this.#settings.onChange();
  }

  // --- actors come and go ---

  /** Starts what the queue needs, at once. */
  #scale(): void {
    if (this.#failure !== undefined || this.#ended.signal.aborted) return;
    const { minActors } = this.#settings;
    const offers = this.#queue.length + [...this.#members].reduce((sum, member) => sum + member.open.length, 0);
    const wanted = Math.min(this.#ceiling, Math.max(minActors, Math.ceil(offers / blocksPerActor)));
    const taken = new Set([...[...this.#members].map((member) => member.slot), ...this.#loading.keys(), ...this.#leaving.values()]);
    for (let slot = 0; taken.size < wanted && slot < this.#settings.maxActors; slot++) {
      if (taken.has(slot)) continue;
      taken.add(slot);
      const stop = new AbortController();
      this.#loading.set(slot, { stop, done: this.#spawn(slot, stop.signal) });
    }
  }

  async #spawn(slot: number, signal: AbortSignal): Promise<void> {
    const { host, spec, policy, device, threads, deviceIndexes } = this.#settings;
    const request: ActorRequest = { spec, policy, device, threads, deviceIndex: deviceIndexes[slot] ?? 0 };
    try {
      const actor = await host.spawn(request, signal);
      this.#loading.delete(slot);
      if (this.#ended.signal.aborted) return await actor[Symbol.asyncDispose]();
      this.#failedSpawns = 0;
      this.#welcome(actor, slot);
      this.#tellSpawnProblem();
    } catch (error) {
      this.#loading.delete(slot);
      if (!this.#ended.signal.aborted) this.#spawnFailed(error);
    }
  }

  #welcome(actor: Actor, slot: number): void {
    const { clock, record, onEvent, onChange } = this.#settings;
    const now = clock.now();
    const member: Member = {
      actor, slot, open: [], ended: new AbortController(), blocksDone: 0, batchesDone: 0, retiring: false, idleSince: now, timedOut: false,
      sight: { ticks: actor.progress.ticks, since: now, noticed: false },
    };
    this.#members.add(member);
    record.loadMs += actor.loadMs;
    record.device = actor.device;
    record.resized(this.#members.size);
    onEvent({ kind: "actor-started", actor: actor.id, device: actor.device, loadMs: actor.loadMs });
    void actor.closed.then((reason) => {
      if (!this.#members.has(member)) return;
      const died = new ShoalError("worker-lost", `Actor ${actor.id} ended: ${reason.detail || reason.code}.`, { failure: "worker-lost" });
      this.#lose(member, member.timedOut ? "timeout" : "worker-lost", member.timedOut ? tooSlow(this.#settings, member.actor) : died);
    });
    this.#schedule();
    onChange();
  }

  #spawnFailed(error: unknown): void {
    this.#failedSpawns++;
    if (lossOf(error) !== undefined && this.#failedSpawns < spawnAttempts) return this.#scale();
    this.#ceiling = this.#members.size + this.#loading.size + this.#leaving.size;
    if (this.#ceiling === 0) return this.#fail(error);
    this.#spawnProblem = error;
    this.#tellSpawnProblem();
  }

  /** Those that run carry on without the ones that did not start. */
  #tellSpawnProblem(): void {
    const { onEvent, spec, maxActors } = this.#settings;
    if (this.#spawnProblem === undefined || this.#loading.size > 0) return;
    onEvent({ kind: "notice", message: `${spec.name}: ${this.#members.size} of ${maxActors} actors started: ${ShoalError.from(this.#spawnProblem).toData().message}` });
    this.#spawnProblem = undefined;
  }

  /** Ends an actor: with a reason it is killed, otherwise disposed. */
  #remove(member: Member, reason?: string): void {
    if (!this.#members.delete(member)) return;
    this.#settings.record.resized(this.#members.size);
    const { actor } = member;
    member.ended.abort(this.#ended.signal.reason ?? new ShoalError("worker-lost", reason ?? "The actor was disposed.", { failure: "worker-lost" }));
    const gone: Promise<void> = (reason === undefined ? Promise.resolve(actor[Symbol.asyncDispose]()) : actor.kill(reason))
      .catch((error: unknown) => this.#settings.onEvent({ kind: "notice", message: `${actor.id} did not end well: ${ShoalError.from(error).message}` }))
      .then(() => {
        this.#leaving.delete(gone);
        // Its place, and its memory, are free only now.
        this.#schedule();
      });
    this.#leaving.set(gone, member.slot);
  }

  #retire(member: Member, reason: string): void {
    member.retiring = true;
    if (member.open.length > 0) return;
    this.#settings.onEvent({ kind: "actor-stopped", actor: member.actor.id, reason });
    this.#remove(member);
  }

  // --- blocks are offered ---

  #schedule(): void {
    if (this.#failure !== undefined) return;
    this.#scale();
    let skipped = 0;
    let reserved: Member | undefined;
    while (this.#queue.length > skipped) {
      const offer = this.#queue[skipped] as Offer;
      const member = this.#leastLoaded(offer, reserved);
      if (member !== undefined) {
        this.#queue.splice(skipped, 1);
        void this.#process(member, offer);
      } else if (offer.alone && reserved === undefined) {
        // Nothing more goes to the one that will be idle first, so that a suspect block is not starved.
        reserved = this.#leastLoaded();
        skipped++;
      } else if (offer.alone) {
        skipped++;
      } else {
        return;
      }
    }
  }

  #leastLoaded(offer?: Offer, except?: Member): Member | undefined {
    let best: Member | undefined;
    for (const member of this.#members) {
      const { open } = member;
      if (member === except || member.retiring || open.length >= blocksPerActor || open[0]?.alone) continue;
      if (offer?.alone && open.length > 0) continue;
      if (best === undefined || open.length < best.open.length || (open.length === best.open.length && member.blocksDone < best.blocksDone)) best = member;
    }
    return best;
  }

  async #process(member: Member, offer: Offer): Promise<void> {
    const { clock } = this.#settings;
    if (member.open.length === 0) member.sight = { ticks: member.actor.progress.ticks, since: clock.now(), noticed: false };
    member.open.push(offer);
    try {
      const result = await member.actor.process(offer.block, member.ended.signal);
      if (!member.open.includes(offer)) return;
      member.open.splice(member.open.indexOf(offer), 1);
      this.#lossesInARow = 0;
      member.blocksDone++;
      member.batchesDone += result.batches.length;
      member.idleSince = clock.now();
      this.#finish(offer, result);
      const { recycleAfterBatches } = this.#settings;
      if (member.retiring || (recycleAfterBatches !== undefined && !this.#stateful && member.batchesDone >= recycleAfterBatches)) this.#retire(member, `after ${member.batchesDone} batches`);
      this.#schedule();
    } catch (error) {
      if (this.#ended.signal.aborted || !member.open.includes(offer)) return;
      const loss = lossOf(error);
      if (loss !== undefined) this.#lose(member, member.timedOut ? "timeout" : loss, member.timedOut ? tooSlow(this.#settings, member.actor) : ShoalError.from(error));
      else if (failureClass(error) === "aborted") this.#lose(member, "worker-lost", ShoalError.from(error));
      else this.#fail(error);
    }
  }

  #finish(offer: Offer, result: BlockResult): void {
    const { task } = offer;
    this.#settings.record.add(result);
    task.parts.push({ first: offer.first, result });
    task.open--;
    if (task.open > 0 || !this.#tasks.delete(task)) return;
    task.resolve(mergeResults(task.block, task.parts));
    this.#settings.onChange();
  }

  /** An actor is gone or useless: what it had is offered again. */
  #lose(member: Member, loss: Loss, error: ShoalError): void {
    const { maxAttempts, policy, spec, record, onEvent } = this.#settings;
    const lost = member.open.splice(0);
    const batch = member.actor.progress.rows;
    onEvent({ kind: "actor-lost", actor: member.actor.id, reason: error.message });
    record.lostActors++;
    this.#remove(member, error.message);
    if (++this.#lossesInARow >= 3 * maxAttempts + 4) return this.#fail(keepDying(spec.name, this.#lossesInARow, error));
    if (this.#stateful && member.blocksDone > 0) return this.#fail(stateLost(spec.name, error));
    const splits = policy.bisect && !mayChangeRows(spec) && !this.#stateful;
    for (const [at, offer] of lost.entries()) {
      // Blocks are on the device in the order in which they were offered.
      const blamed = loss === "timeout" ? at === 0 : lost.length === 1;
      const fate = afterLoss(offer, { loss, error, blamed, batch: blamed && !this.#stateful ? batch : undefined }, { maxAttempts, splits });
      record.retries += fate.again.length;
      offer.task.open += fate.again.length;
      this.#requeue(fate.again.map((piece) => ({ ...piece, task: offer.task })));
      if (fate.failures.length > 0) this.#finish(offer, failedResult(fate.failures));
      else offer.task.open--;
    }
    this.#schedule();
  }

  /** Before everything that was never tried: the window waits for them. */
  #requeue(offers: readonly Offer[]): void {
    const at = this.#queue.findIndex((offer) => offer.losses === 0);
    this.#queue.splice(at < 0 ? this.#queue.length : at, 0, ...offers);
  }

  // --- time ---

  async #watch(): Promise<void> {
    const { clock, timeoutMs } = this.#settings;
    const everyMs = Math.min(1000, timeoutMs === undefined ? 1000 : Math.max(10, timeoutMs / 5));
    const { signal } = this.#ended;
    while (!signal.aborted) {
      try {
        await clock.sleep(everyMs, signal);
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      for (const member of this.#members) this.#check(member, clock.now());
      this.#settings.onTick();
    }
  }

  #check(member: Member, now: number): void {
    const { timeoutMs, minActors, spec, onEvent } = this.#settings;
    const { actor } = member;
    if (member.open.length === 0) {
      const needed = Math.max(minActors, Math.ceil(this.#tasks.size / blocksPerActor));
      if (this.#members.size > needed && now - member.idleSince >= idleBeforeRetiringMs) this.#retire(member, "idle");
      return;
    }
    const seen = look(member.sight, actor, now, timeoutMs);
    member.sight = seen.sight;
    if (seen.notice !== undefined) onEvent({ kind: "notice", message: `${spec.name}: ${seen.notice}` });
    if (seen.timedOut) {
      member.timedOut = true;
      this.#lose(member, "timeout", tooSlow(this.#settings, member.actor));
    }
  }
}
