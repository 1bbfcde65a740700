import type { Block, BlockResult, FailureClass } from "@shoal/core";
import { badMessage } from "../connection/bad-message.ts";
import { maxPayloadBytes, mostBlockBytes } from "../connection/limits.ts";
import type { RevokeMessage, SegmentMessage, Welcome } from "../connection/messages.ts";
import { takeBlock } from "../connection/own-blocks.ts";
import type { AttemptId } from "../scheduler/index.ts";
import type { AgentParts } from "./agent.ts";
import { answer } from "./answer.ts";
import type { Standing } from "./beats.ts";
import { DutyCycle } from "./duty-cycle.ts";
import type { HeldResult } from "./held-results.ts";
import { canJoin, joinBlocks, partResults, rowsDoneOf } from "./joined-blocks.ts";
import { attemptKey, LeaseQueue, segmentKey, type Leased } from "./lease-queue.ts";
import type { SegmentPool } from "./segment-pool.ts";
import { SegmentPools } from "./segment-pools.ts";
import { otherRows, tooLarge } from "./unfit-blocks.ts";
import { WorkMeter } from "./work-meter.ts";

export interface WorkEvents {
  readonly onResult: (held: HeldResult) => void;
  /** `loaded`: a model was there when it failed. */
  readonly onFailed: (leased: Leased, error: unknown, loaded: boolean) => void;
  /** It had begun, and ended through no fault of its own; nothing begins here any more. */
  readonly onGivenBack: (leased: Leased) => void;
  /** An actor has loaded the model. */
  readonly onLoaded: (pool: SegmentPool, loadMs: number) => void;
  readonly onNotice: (message: string, failure?: FailureClass) => void;
  /** Something can go on, or has ended. */
  readonly onChange: () => void;
  /** About once a second, and with each block that is done. */
  readonly onProgress: () => void;
}

interface Running {
  readonly leased: Leased;
  readonly group: Group;
  /** Nobody wants its result any more. */
  dropped: boolean;
}

/** Tasks whose blocks are predicted as one: mostly several, so that batches are packed of all their rows. */
interface Group {
  readonly pool: SegmentPool;
  readonly block: Block;
  readonly tasks: Running[];
}

/** The tasks that this worker has: those that wait, in the order of their leases, and those in its pools. */
export class Work {
  readonly #parts: AgentParts;
  readonly #events: WorkEvents;
  readonly #signal: AbortSignal;
  readonly #pools: SegmentPools;
  readonly #queue = new LeaseQueue();
  /** In the order in which they began. */
  readonly #running = new Map<string, Running>();
  readonly #groups = new Set<Group>();
  readonly #segments = new Map<string, SegmentMessage>();
  readonly #duty = new DutyCycle();
  readonly #meter = new WorkMeter();
  #idle = true;
  /** What waits may begin. */
  #begins = false;
  /** A moment is being waited for at which a block may begin. */
  #waker: AbortController | undefined;

  constructor(parts: AgentParts, signal: AbortSignal, events: WorkEvents) {
    this.#parts = parts;
    this.#signal = signal;
    this.#events = events;
    if (parts.dutyCycle !== undefined) this.#duty.share = parts.dutyCycle;
    const { onLoaded, onChange, onNotice, onProgress } = events;
    this.#pools = new SegmentPools(parts, { onLoaded, onChange, onNotice, onFailure: onChange, onTick: onProgress });
  }

  setDutyCycle(share: number): void {
    this.#duty.share = share;
  }

  /** Attempts that are computed and whose results are wanted. */
  get finishing(): number[] {
    return [...this.#running.values()].filter(({ dropped }) => !dropped).map(({ leased }) => leased.attempt.number);
  }

  /** The segment that is computed now. */
  get segment(): SegmentMessage | undefined {
    return this.#first?.group.pool.segment;
  }

  get #first(): Running | undefined {
    for (const running of this.#running.values()) if (!running.dropped) return running;
    return undefined;
  }

  /** What holds the actors while something waits, wanted or not. */
  get #holding(): Running | undefined {
    return this.#first ?? (this.#queue.size === 0 ? undefined : this.#running.values().next().value);
  }

  /** Bytes of leased rows that are on their way here. */
  get awaitedBytes(): number {
    return this.#queue.awaitedBytes;
  }

  has(attempt: AttemptId): boolean {
    return this.#queue.has(attempt) || this.#running.has(attemptKey(attempt));
  }

  /** Tasks that wait for an actor. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** How many blocks several actors compute while they could have more and there are none; undefined where that is not so. A single actor has enough of two leases. */
  get starvedAt(): number | undefined {
    const pool = this.#first?.group.pool;
    if (pool === undefined || pool.loading || pool.actors < 2 || this.#queue.size > 0 || this.#groups.size >= pool.capacity) return undefined;
    return this.#groups.size;
  }

  // --- what the coordinator says ---

  learn(segment: SegmentMessage): void {
    this.#segments.set(segmentKey(segment), segment);
  }

  lease(leased: Leased): void {
    this.#queue.add(leased);
  }

  fill(attempt: AttemptId, payload: Uint8Array): void {
    this.#queue.fill(attempt, payload);
  }

  /** Forgets what has not begun. */
  forgetQueue(): void {
    this.#begins = false;
    this.#queue.clear();
  }

  /** Forgets of an earlier connection what has not begun, and what it told: of a job that ended meanwhile nobody will say so. */
  forgetConnection(): void {
    this.#queue.clear();
    const needed = new Set([...this.#groups].map(({ pool }) => pool.key));
    for (const key of this.#segments.keys()) if (!needed.has(key)) this.#segments.delete(key);
  }

  revoke(attempt: AttemptId, why: RevokeMessage["why"]): void {
    const running = this.#running.get(attemptKey(attempt));
    const holding = this.#holding;
    this.#queue.remove(attempt);
    // It only waited behind what holds the actors, and nobody wants that any more.
    if (why === "stalled" && running === undefined && holding?.dropped === true) return this.#restart(holding.group.pool);
    // Of a lease that ran out, or that went to another when this worker paused, the result is still welcome.
    if (running === undefined || why === "expired" || why === "moved") return;
    running.dropped = true;
    const { pool } = running.group;
    if (why === "stalled") this.#restart(pool);
    else if (why === "job-ended" && this.#runningIn(pool).every(({ dropped }) => dropped)) this.#abandon(pool);
  }

  /** @returns whether this worker knew the job */
  endJob(job: string): boolean {
    this.#queue.removeJob(job);
    for (const running of this.#running.values()) if (running.leased.task.job === job) this.#forget(running);
    this.#pools.closeJob(job);
    const keys = [...this.#segments].filter(([, segment]) => segment.job === job).map(([key]) => key);
    for (const key of keys) this.#segments.delete(key);
    return keys.length > 0;
  }

  // --- computing ---

  /** Begins what can begin. */
  beginAll(welcome: Welcome): void {
    this.#waker?.abort();
    this.#waker = undefined;
    this.#begins = true;
    while (this.#beginNext(welcome));
  }

  /** Ends actors that have had nothing to do for long. */
  closeIdle(): void {
    for (const { pool } of this.#groups) pool.usedAt = this.#parts.clock.now();
    this.#pools.closeIdle();
  }

  /** Settles when no actor is left. */
  async close(): Promise<void> {
    this.#queue.clear();
    for (const running of this.#running.values()) this.#forget(running);
    await this.#pools.closeAll();
  }

  /** @returns whether one has begun, or failed at once */
  #beginNext(welcome: Welcome): boolean {
    const leased = this.#queue.first;
    // Blocks come in the order of their leases.
    if (leased?.payload === undefined) return false;
    const key = segmentKey(leased.task);
    const segment = this.#segments.get(key);
    if (segment === undefined) {
      this.#queue.remove(leased.attempt);
      this.#events.onFailed(leased, badMessage(`A task of segment ${key} was leased, which this worker was never told of.`, { failure: "worker-lost" }), true);
      return true;
    }
    // One segment computes at a time, so that two pools don't fight for the same cores.
    for (const { pool } of this.#groups) if (pool.key !== key) return false;
    const found = this.#pools.for(segment, welcome);
    if (found.pool === undefined) return this.#wakeIn(found.waitMs);
    const { pool } = found;
    const restMs = this.#duty.waitMs(this.#parts.clock.now(), pool.actors);
    if (restMs > 0) return this.#wakeIn(restMs);
    if (this.#groups.size >= pool.capacity) return false;
    this.#begin(pool);
    return true;
  }

  #begin(pool: SegmentPool): void {
    const { clock } = this.#parts;
    const taken = this.#takeTogether(pool);
    if (taken.length === 0) return;
    const group: Group = { pool, block: joinBlocks(taken.map(({ block }) => block)), tasks: [] };
    this.#groups.add(group);
    for (const { leased } of taken) {
      const running: Running = { leased, group, dropped: false };
      group.tasks.push(running);
      this.#running.set(attemptKey(leased.attempt), running);
    }
    if (this.#idle) this.#meter.restart(clock.now());
    this.#idle = false;
    this.#duty.began(clock.now());
    void this.#compute(group).finally(() => {
      for (const running of group.tasks) this.#forget(running);
      this.#events.onChange();
    });
  }

  /** From the front of the queue, as many as may be predicted as one. None where the first one's rows are none, which it is told as failed for. */
  #takeTogether(pool: SegmentPool): { readonly leased: Leased; readonly block: Block }[] {
    const waiting = [...this.#queue.ready()];
    const most = pool.rowsTogether(waiting.reduce((sum, { task }) => sum + task.rows, 0), this.#groups.size);
    const taken: { leased: Leased; block: Block }[] = [];
    let [rows, bytes] = [0, 0];
    for (const leased of waiting) {
      const [first] = taken;
      rows += leased.task.rows;
      bytes += leased.payload.byteLength;
      if (first !== undefined && (first.leased.apart || leased.apart || rows > most || bytes > mostBlockBytes)) break;
      try {
        const block = takeBlock(leased.payload);
        if (block.rows !== leased.task.rows) throw otherRows(leased, block);
        if (first !== undefined && !canJoin(first.block, block)) break;
        taken.push({ leased, block });
        this.#queue.remove(leased.attempt);
      } catch (error) {
        if (first === undefined) {
          this.#queue.remove(leased.attempt);
          this.#events.onFailed(leased, error, true);
        }
        break;
      }
    }
    return taken;
  }

  async #compute({ pool, block, tasks }: Group): Promise<void> {
    let results: readonly BlockResult[];
    try {
      const result = await pool.submit(block);
      results = tasks.length === 1 ? [result] : partResults(result, tasks.map(({ leased }) => leased.task.rows));
    } catch (error) {
      if (!tasks.some((running) => this.#isWanted(running))) return;
      // Everything that the pool had is lost with it. Of joined blocks one may be to blame, and the others are not to be told as failed.
      if (pool.ended && this.#runningIn(pool).some(({ group }) => group.tasks.length > 1)) return this.#putBack(pool);
      for (const running of tasks) this.#fail(running, error);
      return;
    }
    for (const [index, running] of tasks.entries()) this.#answer(running, results[index] as BlockResult);
  }

  #answer(running: Running, result: BlockResult): void {
    const { leased, group: { pool } } = running;
    if (!this.#isWanted(running)) return;
    try {
      const held = answer(leased, pool.segment.description.plan.spec, result, pool.device ?? "", this.#parts.sharesProcess === true);
      if (held.payload.byteLength > maxPayloadBytes) throw tooLarge(pool, held);
      this.#forget(running);
      this.#meter.blockDone(leased.task.rows);
      this.#events.onResult(held);
      this.#events.onProgress();
    } catch (error) {
      this.#fail(running, error);
    }
  }

  #fail(running: Running, error: unknown): void {
    if (!this.#isWanted(running)) return;
    this.#forget(running);
    this.#events.onFailed(running.leased, error, !running.group.pool.loading);
  }

  #isWanted(running: Running): boolean {
    return this.#running.get(attemptKey(running.leased.attempt)) === running && !running.dropped && !this.#signal.aborted;
  }

  /** What comes of it is of no use any more, or has come. */
  #forget(running: Running): void {
    const { leased, group } = running;
    const key = attemptKey(leased.attempt);
    if (this.#running.get(key) !== running) return;
    this.#running.delete(key);
    group.pool.usedAt = this.#parts.clock.now();
    if (!group.tasks.some((task) => this.#running.get(attemptKey(task.leased.attempt)) === task)) this.#groups.delete(group);
    if (this.#running.size === 0) this.#duty.roundEnded(this.#parts.clock.now());
  }

  /** An actor hangs: all of its pool are ended, and what else they had begins anew. */
  #restart(pool: SegmentPool): void {
    this.#putBack(pool);
    this.#pools.close(pool);
  }

  #abandon(pool: SegmentPool): void {
    for (const running of this.#runningIn(pool)) this.#forget(running);
    this.#pools.close(pool);
  }

  /** What a pool had begins anew in the same order, each by itself, so that what goes wrong again has one suspect. Where nothing begins any more, others are to have it. */
  #putBack(pool: SegmentPool): void {
    const had = this.#runningIn(pool);
    for (const running of had) this.#forget(running);
    const wanted = had.filter(({ dropped }) => !dropped).map(({ leased }) => leased);
    if (this.#begins) this.#queue.putBack(wanted.map((leased) => ({ ...leased, apart: true })));
    else for (const leased of wanted) this.#events.onGivenBack(leased);
  }

  #runningIn(pool: SegmentPool): Running[] {
    return [...this.#running.values()].filter(({ group }) => group.pool === pool);
  }

  /** Looks again later whether something can begin. */
  #wakeIn(ms: number): false {
    if (ms === Infinity) return false;
    this.#waker = new AbortController();
    void this.#parts.clock.sleep(ms, AbortSignal.any([this.#waker.signal, this.#signal])).then(this.#events.onChange, () => {});
    return false;
  }

  // --- how it stands ---

  standing(): Standing {
    const first = this.#holding;
    const next = this.#queue.first;
    const pool = first?.group.pool ?? (next === undefined ? undefined : this.#pools.get(segmentKey(next.task)));
    const attempt = first?.leased.attempt ?? next?.attempt;
    const device = this.#parts.traits.devices.find((each) => each === pool?.device);
    const bytes = (pool?.segment.description.model?.files ?? []).reduce((sum, file) => sum + file.bytes, 0);
    return {
      ...(attempt !== undefined && { running: attempt }),
      rows: first === undefined ? 0 : rowsDoneFrom(first),
      ...(pool?.loading === true && { loading: { doneBytes: Math.min(pool.fetchedBytes, bytes), bytes } }),
      state: pool === undefined ? "waiting" : pool.loading ? "loading" : "computing",
      ...(device !== undefined && { device }),
    };
  }

  progress(): { readonly rows: number; readonly underWay: number; readonly blocks: number; readonly rowsPerSecond: number } {
    const first = this.#first;
    let under = 0;
    if (first !== undefined) for (const [running, rows] of rowsDoneIn(first.group)) if (this.#isWanted(running)) under += rows;
    return { rows: this.#meter.rows + under, blocks: this.#meter.blocks, rowsPerSecond: this.#meter.rowsPerSecond(this.#parts.clock.now(), under), underWay: under };
  }

  /** A result that was handed over came to nothing. */
  inVain(rows: number): void {
    this.#meter.blockInVain(rows);
    this.#events.onProgress();
  }

  /** There is nothing to do: time that passes now is not its own. */
  rest(): void {
    this.#idle = true;
  }
}

/** Of a group, which rows are predicted first says its predictor: they count for its tasks in their order. */
function rowsDoneIn({ pool, block, tasks }: Group): ReadonlyMap<Running, number> {
  const done = rowsDoneOf(pool.rowsDone(block), tasks.map(({ leased }) => leased.task.rows));
  return new Map(tasks.map((running, index) => [running, done[index] ?? 0]));
}

/** Of a task and of those that are computed together with it, behind it: its own may be done long before all are. */
function rowsDoneFrom(first: Running): number {
  const { tasks } = first.group;
  const done = rowsDoneIn(first.group);
  return tasks.slice(tasks.indexOf(first)).reduce((sum, running) => sum + (done.get(running) ?? 0), 0);
}
