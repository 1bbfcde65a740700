import { failureClass, ShoalError, type Block, type BlockResult } from "@shoal/core";
import { isStateful, mayChangeRows } from "@shoal/planner";
import { orAborted } from "../streams/abort.ts";
import { ActorRoster, type Member } from "./actor-roster.ts";
import { keepDying, stateLost, tooSlow } from "./pool-errors.ts";
import type { BlockPool } from "./block-pool.ts";
import type { PoolSettings } from "./pool-settings.ts";
import { afterLoss, failedResult, lossOf, mergeResults, type Loss, type Offer, type Task } from "./retry.ts";
import { shareOut } from "./share-out.ts";
import { look, lookAtLoading, SleepWatch } from "./watchdog.ts";

const blocksPerActor = 2;
const idleBeforeRetiringMs = 10_000;

/** Actors around one predictor: it starts as many as the queue needs, offers each block to the least loaded, and replaces the lost. */
export class ActorPool implements BlockPool {
  readonly #settings: PoolSettings;
  readonly #ended = new AbortController();
  readonly #roster: ActorRoster;
  readonly #queue: Offer[] = [];
  readonly #tasks = new Set<Task>();
  readonly #stateful: boolean;
  /** A block may be predicted in parts. */
  readonly #divisible: boolean;
  #inputEnded = false;
  /** No actor is started before it is known on which device. */
  #choosing: boolean;
  #choice: Promise<void> | undefined;
  #onFirstBlock: ((block: Block) => void) | undefined;
  #lossesInARow = 0;
  #anyDone = false;
  #loadingToldAt = 0;
  #failure: { readonly error: unknown } | undefined;
  #started = false;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
    this.#stateful = isStateful(settings.spec);
    this.#choosing = settings.chooseDevice !== undefined;
    this.#divisible = settings.policy.bisect && settings.policy.batchSize === "auto" && !mayChangeRows(settings.spec) && !this.#stateful;
    this.#roster = new ActorRoster(settings, {
      onJoined: () => {
        this.#schedule();
        settings.onChange();
      },
      onDied: (member, { code, detail }) => this.#lose(member, "worker-lost", new ShoalError("worker-lost", `Actor ${member.actor.id} ended: ${detail || code}.`, { failure: "worker-lost", hint: "Run it again with fewer actors (concurrency) and smaller batches, if memory was short." })),
      onGone: () => this.#schedule(),
      onFailure: (error) => this.#fail(error),
    });
  }

  /** Blocks that were submitted and are not done. */
  get open(): number {
    return this.#tasks.size;
  }

  /** More blocks than this only lie in the queue. One does at least, so that the end of the input is known before the last one goes. */
  get capacity(): number {
    return blocksPerActor * this.#roster.ceiling + 1;
  }

  get actors(): number {
    return this.#roster.members.size;
  }

  get busy(): number {
    return this.#roster.busy;
  }

  get loading(): number {
    return this.#roster.loading.actors;
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    if (this.#choosing) this.#choice = this.#choose().catch((error: unknown) => this.#fail(error));
    else this.#scale();
    void this.#watch().catch((error: unknown) => this.#fail(error));
  }

  /** @throws what stops the run: the predictor's loading failed, a bug, actors that keep dying. Failures of rows are in the result. */
  submit(block: Block): Promise<BlockResult> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure.error);
      const task: Task = { block, parts: [], open: 1, resolve, reject };
      this.#tasks.add(task);
      this.#queue.push({ task, block, first: 0, losses: 0, alone: false });
      this.#onFirstBlock?.(block);
      this.#onFirstBlock = undefined;
      this.#schedule();
    });
  }

  /** No block will follow: those that wait are cut up, so that all actors finish together. */
  endInput(): void {
    this.#inputEnded = true;
    this.#schedule();
    this.#dismissIfDone();
  }

  /** Ends every actor at once: idle ones are disposed, busy ones killed. Settles when all are gone. */
  async close(): Promise<void> {
    const reason = closed();
    this.#ended.abort(reason);
    this.#fail(reason);
    await this.#roster.close(reason);
    // Actors that are being tried belong to nobody yet.
    await this.#choice;
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

  async #choose(): Promise<void> {
    const { chooseDevice, record } = this.#settings;
    const firstBlock = (): Promise<Block> =>
      orAborted(new Promise<Block>((resolve) => (this.#queue[0] === undefined ? (this.#onFirstBlock = resolve) : resolve(this.#queue[0].block))), this.#ended.signal);
    const chosen = await chooseDevice?.(firstBlock, this.#ended.signal);
    if (chosen === undefined) return;
    if (this.#failure !== undefined) return chosen.actor?.kill("the run ended");
    record.deviceChoice = chosen.why;
    this.#choosing = false;
    this.#roster.settle(chosen);
    this.#schedule();
  }

  /** Starts what the queue needs. */
  #scale(): void {
    if (this.#failure !== undefined || this.#choosing) return;
    let offers = this.#queue.length;
    for (const member of this.#roster.members) offers += member.open.length;
    this.#roster.growTo(Math.max(this.#settings.minActors, Math.ceil(offers / blocksPerActor)));
  }

  // --- blocks are offered ---

  #schedule(): void {
    if (this.#failure !== undefined) return;
    this.#scale();
    if (this.#inputEnded && this.#divisible) this.#shareOut();
    let skipped = 0;
    let reserved: Member | undefined;
    while (this.#queue.length > skipped) {
      const offer = this.#queue[skipped] as Offer;
      const member = this.#leastLoaded(offer, reserved);
      // A block that would only wait in its actor can wait here as well, until it is known whether it is the last.
      if (member !== undefined && member.open.length > 0 && !this.#inputEnded && this.#divisible && this.#queue.length - skipped < 2) return;
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

  #shareOut(): void {
    const pieces = shareOut(this.#queue, this.#roster.members.size);
    for (const { task } of this.#queue) task.open--;
    for (const { task } of pieces) task.open++;
    this.#queue.splice(0, this.#queue.length, ...pieces);
  }

  #leastLoaded(offer?: Offer, except?: Member): Member | undefined {
    let best: Member | undefined;
    for (const member of this.#roster.members) {
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
      this.#anyDone = true;
      member.blocksDone++;
      member.batchesDone += result.batches.length;
      member.idleSince = clock.now();
      this.#finish(offer, result);
      const { recycleAfterBatches } = this.#settings;
      if (member.retiring || (recycleAfterBatches !== undefined && !this.#stateful && member.batchesDone >= recycleAfterBatches)) this.#roster.retire(member, `after ${member.batchesDone} batches`);
      this.#schedule();
    } catch (error) {
      if (this.#ended.signal.aborted || !member.open.includes(offer)) return;
      const loss = lossOf(error);
      if (loss !== undefined) this.#lose(member, loss, ShoalError.from(error));
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
    this.#dismissIfDone();
  }

  /** All is done: while the last blocks are written, the actors end already. */
  #dismissIfDone(): void {
    if (this.#inputEnded && this.#tasks.size === 0) void this.#roster.close(closed());
  }

  /** An actor is gone or useless: what it had is offered again. */
  #lose(member: Member, loss: Loss, error: ShoalError): void {
    const { maxAttempts, policy, spec, record, onEvent } = this.#settings;
    const lost = member.open.splice(0);
    const batch = member.actor.progress.rows;
    onEvent({ kind: "actor-lost", actor: member.actor.id, reason: error.message, failure: error.failure ?? loss });
    record.lostActors++;
    this.#roster.remove(member, error.message);
    const tolerated = this.#anyDone ? 3 * maxAttempts + 4 : Math.max(6, 2 * maxAttempts);
    if (++this.#lossesInARow >= tolerated) return this.#fail(keepDying(spec.name, this.#lossesInARow, error, lost[0], batch));
    if (this.#stateful && member.blocksDone > 0) return this.#fail(stateLost(spec.name, error));
    const splits = policy.bisect && !mayChangeRows(spec) && !this.#stateful;
    for (const [at, offer] of lost.entries()) {
      // Blocks are on the device in the order in which they were offered; what ended the actor may still be the next one's preprocess.
      const blamed = at === 0 && (loss === "timeout" || lost.length === 1 || batch !== undefined);
      const certain = loss === "timeout" || lost.length === 1;
      const fate = afterLoss(offer, { loss, error, blamed, certain, batch: this.#stateful ? undefined : batch }, { maxAttempts, splits });
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
    const sleep = new SleepWatch(everyMs, clock.now());
    while (!signal.aborted) {
      try {
        await clock.sleep(everyMs, signal);
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      const slept = sleep.sleptMs(clock.now());
      for (const member of this.#roster.members) {
        if (slept > 0) member.sight = { ...member.sight, since: Math.min(clock.now(), member.sight.since + slept) };
        else this.#check(member, clock.now());
      }
      this.#checkLoading(clock.now());
      this.#settings.onTick();
    }
  }

  #checkLoading(now: number): void {
    const { spec, onEvent } = this.#settings;
    const { told, notice } = lookAtLoading(this.#roster.loading, now, this.#loadingToldAt);
    this.#loadingToldAt = told;
    if (notice !== undefined) onEvent({ kind: "notice", message: `${spec.name}: ${notice}` });
  }

  #check(member: Member, now: number): void {
    const { timeoutMs, minActors, spec, onEvent } = this.#settings;
    const { actor } = member;
    if (member.open.length === 0) {
      const needed = Math.max(minActors, Math.ceil(this.#tasks.size / blocksPerActor));
      if (this.#roster.members.size > needed && now - member.idleSince >= idleBeforeRetiringMs) this.#roster.retire(member, "idle");
      return;
    }
    const seen = look(member.sight, actor, now, timeoutMs);
    member.sight = seen.sight;
    if (seen.notice !== undefined) onEvent({ kind: "notice", message: `${spec.name}: ${seen.notice}` });
    if (seen.timedOut) {
      this.#lose(member, "timeout", tooSlow(this.#settings, member.actor));
    }
  }
}

function closed(): ShoalError {
  return new ShoalError("aborted", "The pool of actors was closed.", { failure: "aborted" });
}
