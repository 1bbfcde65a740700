import { ShoalError, type Block, type BlockResult, type Clock } from "@shoal/core";
import { failedResult, mergeResults, type BlockPool, type BlockPoolRun, type ExpectedInput } from "@shoal/executor";
import { isStateful, mayChangeRows, type ActorPoolStage } from "@shoal/planner";
import type { AskMessage, BlockDoneMessage, DriverToGateway, FleetMessage, OfferMessage, PartMessage } from "../connection/messages.ts";
import { cutToTravel, inputPayload } from "./block-pieces.ts";
import type { DoneBefore } from "./done-before.ts";
import { HeldUp } from "./held-up.ts";
import { partResult } from "./part-result.ts";
import { TakenBlocks } from "./taken-blocks.ts";

/** What a pool needs of the job that it belongs to. */
export interface PoolJob {
  readonly job: string;
  readonly clock: Clock;
  /** While the connection is lost: when it is tried again, from now. */
  readonly reconnectMs: number | undefined;
  /** What of it an earlier run had done, once the gateway has said so. */
  before(segment: number): DoneBefore | undefined;
  /** What was given is nobody's to ask for again: the coordinator, which keeps it in memory, is told. */
  readonly tellsTaken: boolean;
  /** Its first pool has started. */
  started(): void;
  send(message: DriverToGateway, payload?: Uint8Array): void;
  /** Settles when the connection can take more. */
  room(signal: AbortSignal): Promise<void>;
  closed(pool: RemotePool): void;
}

/** A block that was submitted, and what its parts came to so far. */
interface Submitted {
  readonly block: Block;
  readonly parts: { readonly first: number; readonly result: BlockResult }[];
  open: number;
  readonly resolve: (result: BlockResult) => void;
  readonly reject: (error: unknown) => void;
}

/** What is offered under one number, and kept until it is done. */
interface Held {
  readonly number: number;
  readonly of: Submitted;
  readonly block: Block;
  readonly first: number;
  /** Until it is sent; made anew should it have to be sent again. */
  payload: Uint8Array | undefined;
  readonly parts: Map<number, { readonly message: PartMessage; readonly result: BlockResult }>;
}

/** Blocks read ahead before the coordinator has asked for any. */
const readAhead = 2;
const tickMs = 1000;
const nobody = { workers: 0, busy: 0, loading: 0, atOtherJobs: 0 };

/**
 * The workers of a coordinator, as the pool of one stage. Blocks get numbers in the order in which they are submitted and are offered under
 * them, as many as were asked for; they are kept until they are done, and offered again to a gateway that may have forgotten them.
 */
export class RemotePool implements BlockPool {
  readonly #stage: ActorPoolStage;
  readonly #segment: number;
  readonly #job: PoolJob;
  readonly #run: BlockPoolRun;
  readonly #divisible: boolean;
  readonly #tasks = new Set<Submitted>();
  /** By number, the lowest first. */
  readonly #held = new Map<number, Held>();
  readonly #ended = new AbortController();
  #failure: { readonly error: unknown } | undefined;
  #next = 0;
  /** The first number that was never offered. */
  #fresh = 0;
  /** The first number that was not offered on this connection. */
  #unsent = 0;
  #asked = 0;
  #inputEnded = false;
  #inputEndSaid = false;
  /** What was said on this connection of how many rows there will be. */
  #expectedSaid: ExpectedInput | undefined;
  /** The gateway has taken the job, on this connection. */
  #attached = false;
  #offering = false;
  #started = false;
  #closedAtEnd = false;
  #fleet = nobody;
  #notice: string | undefined;
  readonly #heldUp = new HeldUp();
  readonly #taken = new TakenBlocks();

  constructor(stage: ActorPoolStage, segment: number, job: PoolJob, run: BlockPoolRun) {
    const { spec, policy } = stage;
    this.#stage = stage;
    this.#segment = segment;
    this.#job = job;
    this.#run = run;
    run.record.isElsewhere();
    this.#divisible = policy.bisect && policy.batchSize === "auto" && !mayChangeRows(spec) && !isStateful(spec);
  }

  get open(): number {
    return this.#tasks.size;
  }

  get capacity(): number {
    return Math.max(readAhead, this.open + Math.max(0, this.#asked - this.#waiting));
  }

  /** Not offered on this connection. What is done leaves from below, mostly: counting on from the first is close enough, and never too few. */
  get #waiting(): number {
    return Math.min(this.#held.size, this.#next - this.#unsent);
  }

  /** Workers that have loaded, or may have nothing to load. */
  get actors(): number {
    return this.#fleet.workers - this.#fleet.loading;
  }

  get busy(): number {
    return this.#fleet.busy - this.#fleet.loading;
  }

  get loading(): number {
    return this.#fleet.loading;
  }

  get atOtherJobs(): number {
    return this.#fleet.atOtherJobs;
  }

  get reconnectMs(): number | undefined {
    return this.#job.reconnectMs;
  }

  /** All of its input is there and done. */
  get finished(): boolean {
    return this.#inputEnded && this.#tasks.size === 0 && (this.#failure === undefined || this.#closedAtEnd);
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#job.started();
    void this.#tick();
  }

  submit(block: Block): Promise<BlockResult> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure.error);
      const { pieces, large } = cutToTravel(this.#stage.spec.name, block, this.#divisible);
      const task: Submitted = { block, parts: [], open: pieces.length, resolve, reject };
      for (const { row, error } of large) task.parts.push({ first: row, result: failedResult([{ row: 0, error: error.toData(), attempts: 1 }]) });
      this.#tasks.add(task);
      for (const piece of pieces) {
        const number = this.#next++;
        this.#held.set(number, { number, of: task, ...piece, parts: new Map() });
      }
      if (pieces.length === 0) this.#resolve(task);
      void this.#offer();
    });
  }

  endInput(): void {
    this.#inputEnded = true;
    void this.#offer();
  }

  async close(): Promise<void> {
    this.#closedAtEnd ||= this.finished;
    this.fail(new ShoalError("aborted", "The pool of workers was closed.", { failure: "aborted" }));
    this.#ended.abort();
    this.#job.closed(this);
  }

  // --- what the job tells it ---

  /** The gateway has taken the job, perhaps not for the first time: it gets everything that is not done. */
  attach(): void {
    this.#attached = true;
    this.#run.record.rowsBefore = this.#job.before(this.#segment)?.rows ?? 0;
    if (this.#job.tellsTaken) this.#taken.again(this.#fresh, this.#held.keys());
    void this.#offer();
  }

  /** What was sent may be lost, what was asked for is forgotten, and who works for the next gateway that will say. */
  detach(): void {
    this.#attached = false;
    this.#fleet = nobody;
    this.#run.record.resized(0);
    this.#asked = 0;
    this.#inputEndSaid = false;
    this.#expectedSaid = undefined;
    this.#unsent = this.#held.keys().next().value ?? this.#next;
    for (const held of this.#held.values()) held.parts.clear();
  }

  takeAsk({ blocks }: AskMessage): void {
    this.#asked += blocks;
    void this.#offer();
    this.#run.onChange();
  }

  takePart(message: PartMessage, payload: Uint8Array | undefined): void {
    const held = this.#held.get(message.block);
    if (held === undefined) return;
    const result = this.#named(partResult(message, payload), message.worker);
    this.#assertAccounted(held, message, result);
    held.parts.set(message.first, { message, result });
  }

  takeDone({ block }: BlockDoneMessage): void {
    const held = this.#held.get(block);
    if (held === undefined) return;
    const rows = Array.from(held.parts.values()).reduce((sum, { message }) => sum + message.rows, 0);
    if (rows !== held.block.rows) throw wrongAnswer(`Block ${block} of ${this.#stage.spec.name} has ${held.block.rows} rows, and came back with ${rows}.`);
    this.#held.delete(block);
    if (this.#job.tellsTaken) this.#taken.add(block);
    const { of } = held;
    const isGiven = this.#job.before(this.#segment)?.has(block) === true;
    for (const { message, result } of held.parts.values()) {
      // Rows that were given up are nobody's.
      if (isGiven) this.#run.record.addGiven(message.rows, result);
      else if (message.worker === undefined) this.#run.record.add(result);
      else this.#run.record.addOf(message.worker, message.stats?.device ?? "", result);
      of.parts.push({ first: held.first + message.first, result });
    }
    if (--of.open === 0) this.#resolve(of);
  }

  takeFleet({ workers, busy, loading, atOtherJobs = 0, notice }: FleetMessage): void {
    // An older gateway counts among the busy some that it does not count among the workers.
    this.#fleet = { workers: Math.max(workers, busy), busy, loading: Math.min(loading, busy), atOtherJobs };
    this.#run.record.resized(workers);
    if (notice !== undefined && notice !== this.#notice) this.#run.onEvent({ kind: "notice", message: `${this.#stage.spec.name}: ${notice}` });
    this.#notice = notice;
    this.#run.onChange();
  }

  fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error };
    for (const task of this.#tasks) task.reject(error);
    this.#tasks.clear();
    this.#held.clear();
    // What was never offered will not be: the segment ends there, while others of the job may go on.
    this.#next = this.#unsent = this.#fresh;
    this.#inputEnded = true;
    void this.#offer();
    this.#run.onFailure(error);
    this.#run.onChange();
  }

  // --- inside ---

  #resolve(task: Submitted): void {
    this.#tasks.delete(task);
    const result = mergeResults(task.block, task.parts);
    task.resolve({ ...result, block: { ...result.block, lineage: task.block.lineage } });
    this.#run.onChange();
  }

  /** In order, one at a time, as many as were asked for. What is done has left gaps in the numbers. */
  async #offer(): Promise<void> {
    if (this.#offering) return;
    this.#offering = true;
    try {
      for (;;) {
        await this.#job.room(this.#ended.signal);
        if (!this.#attached) return;
        while (this.#unsent < this.#next && !this.#held.has(this.#unsent)) this.#unsent++;
        if (this.#unsent >= this.#next) break;
        if (this.#asked <= 0) return;
        this.#send(this.#held.get(this.#unsent++) as Held);
      }
      if (this.#inputEnded && !this.#inputEndSaid) this.#sayInputEnded();
    } finally {
      this.#offering = false;
    }
  }

  #send(held: Held): void {
    const { number, block } = held;
    this.#fresh = Math.max(this.#fresh, number + 1);
    this.#asked--;
    const payload = held.payload ?? inputPayload(block);
    held.payload = undefined;
    const taken = this.#taken.next();
    this.#job.send({ kind: "offer", job: this.#job.job, segment: this.#segment, block: number, rows: block.rows, ...this.#expectedNow(), ...(taken !== undefined && { taken }) }, payload);
  }

  /** How many rows there will be, where that has changed since it was said. */
  #expectedNow(): Pick<OfferMessage, "expectedRows" | "isEstimate"> {
    const [said, now] = [this.#expectedSaid, this.#run.expectedInput?.()];
    if (now === undefined || (now.rows === said?.rows && now.isEstimate === said.isEstimate)) return {};
    this.#expectedSaid = now;
    return { expectedRows: now.rows, ...(now.isEstimate && { isEstimate: true }) };
  }

  #sayInputEnded(): void {
    this.#inputEndSaid = true;
    this.#job.send({ kind: "input-ended", job: this.#job.job, segment: this.#segment, blocks: this.#next });
  }

  /** Whoever reads that a run ended over a row may want to look at the machine too. What is kept of rows that fail is as on one machine. */
  #named(result: BlockResult, worker: string | undefined): BlockResult {
    if (worker === undefined || result.failures.length === 0 || (this.#stage.onError ?? "fail") !== "fail") return result;
    return { ...result, failures: result.failures.map((failed) => ({ ...failed, error: { ...failed.error, details: { ...failed.error.details, worker } } })) };
  }

  #assertAccounted({ block }: Held, { block: number, first, rows }: PartMessage, result: BlockResult): void {
    const { name } = this.#stage.spec;
    if (first + rows > block.rows) throw wrongAnswer(`Block ${number} of ${name} has ${block.rows} rows, and rows up to ${first + rows} came back.`);
    if (!mayChangeRows(this.#stage.spec) && result.block.rows + result.failures.length !== rows) {
      throw wrongAnswer(`${rows} rows of block ${number} of ${name} came back as ${result.block.rows} done and ${result.failures.length} failed.`);
    }
  }

  async #tick(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      await this.#job.clock.sleep(tickMs, signal).catch(() => {});
      if (signal.aborted) return;
      this.#run.onTick();
      this.#tellOfFirst();
    }
  }

  #tellOfFirst(): void {
    if (!this.#stage.preserveOrder) return;
    const first: number | undefined = this.#held.keys().next().value;
    const behind = (): number => this.#fresh - (first ?? 0) - Array.from(this.#held.keys()).filter((number) => number < this.#fresh).length;
    const { busy, atOtherJobs } = this.#fleet;
    const message = this.#heldUp.look(first, behind, this.#job.clock.now(), busy === 0 && atOtherJobs > 0);
    if (message !== undefined) this.#run.onEvent({ kind: "notice", message: `${this.#stage.spec.name}: ${message}` });
  }
}

function wrongAnswer(what: string): ShoalError {
  return new ShoalError("rows-not-conserved", what, { failure: "bug", hint: "Run the same version of Shoal on the coordinator; if it is the same, this is a bug of Shoal's." });
}
