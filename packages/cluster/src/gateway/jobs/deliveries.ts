import { ShoalError } from "@shoal/core";
import type { Channel } from "../../connection/channel.ts";
import type { DriverToGateway, GatewayToDriver } from "../../connection/messages.ts";
import type { TaskId } from "../../scheduler/index.ts";
import { blockKey, committedOf, type Committed, type CommittedResult } from "../results/commit-record.ts";
import { failJob } from "./end-job.ts";
import type { GatewayJob } from "./gateway-job.ts";
import type { GatewayState } from "../gateway-state.ts";
import { ReadResults } from "../results/read-results.ts";
import { decodeAbout, type ResultAbout } from "../results/stored-result.ts";

/** A block that is done, and what its driver offered under its number. */
export interface DoneBlock {
  readonly job: GatewayJob;
  readonly segment: number;
  readonly block: number;
  readonly rows: number;
  readonly input: string;
  /** What was committed for all of its rows together; undefined where the ledger has to be asked: it was split, or another life of the gateway did it. */
  readonly committed?: Committed | undefined;
}

const pollMs = 20;
const retryMs = 1_000;
const mostTries = 30;
/** What another try would meet again. */
const final = new Set(["input-changed", "blob-missing", "blob-damaged", "bad-blob", "ledger-unreadable"]);

/**
 * Hands blocks that are done to one driver, as fast as it reads them: what waits is a number, the bytes stay where they are stored. What a block's parts
 * are is read from the ledger, so that it does not matter which life of the gateway committed them.
 */
export class Deliveries {
  readonly #state: GatewayState;
  readonly #channel: Channel<GatewayToDriver, DriverToGateway>;
  readonly #isOpen: () => boolean;
  readonly #results: ReadResults;
  readonly #waiting: DoneBlock[] = [];
  #isDelivering = false;
  /** The driver does not read as fast as there is something for it. */
  isHeldUp = false;

  constructor(state: GatewayState, channel: Channel<GatewayToDriver, DriverToGateway>, isOpen: () => boolean) {
    this.#state = state;
    this.#channel = channel;
    this.#isOpen = isOpen;
    this.#results = new ReadResults(state.engine.blobs);
  }

  /** Blocks that the driver has still to be given. */
  get waiting(): number {
    return this.#waiting.length;
  }

  add(block: DoneBlock): void {
    if (!this.#isDelivering && this.#deliverNow(block)) return;
    this.#waiting.push(block);
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    void this.#deliverAll();
  }

  /** Most blocks were committed a moment ago, and their results are at hand. */
  #deliverNow(block: DoneBlock): boolean {
    const { job: { name: job }, segment, block: number, rows, committed } = block;
    if (committed?.kind !== "result" || typeof committed.about === "string" || committed.input !== block.input) return false;
    if (block.job.state === "failed" || block.job.state === "cancelled" || !this.#isOpen() || this.#channel.bufferedBytes > this.#state.settings.driverBufferedBytes) return false;
    const payload = this.#state.recent.take(committed.sha256);
    if (payload === undefined) return false;
    this.#part({ job, segment, block: number, first: 0, rows }, committed, committed.about, payload);
    this.#done(block, [committed]);
    return true;
  }

  #part({ job, segment, block, first, rows }: TaskId, { worker }: CommittedResult, { failures, stats }: ResultAbout, payload: Uint8Array): void {
    const known = this.#state.workers.get(worker);
    // For people, to whom a name for programs says nothing.
    this.#channel.send({ kind: "part", job, segment, block, first, rows, failures, stats, worker: known === undefined ? "a worker that left" : known.traits.label || worker }, payload);
  }

  async #deliverAll(): Promise<void> {
    let tries = 0;
    for (let next = this.#waiting[0]; next !== undefined && this.#isOpen(); next = this.#waiting[0]) {
      try {
        if (next.job.state !== "failed" && next.job.state !== "cancelled") await this.#deliver(next);
        this.#waiting.shift();
        tries = 0;
      } catch (cause) {
        if (this.#state.signal.aborted) return;
        const error = ShoalError.from(cause);
        if (!final.has(error.code) && (error.code === "engine-paused" || ++tries < mostTries)) {
          this.#state.log.warn(`Block ${next.block} of ${next.job.name} can't be handed back now: ${error.message}`);
          await this.#state.clock.sleep(retryMs, this.#state.signal).catch(() => {});
          continue;
        }
        tries = 0;
        this.#waiting.shift();
        failJob(this.#state, next.job, error.toData());
      }
    }
    this.#isDelivering = false;
  }

  async #deliver(block: DoneBlock): Promise<void> {
    const { job: { name: job }, segment, block: number, rows } = block;
    const results: CommittedResult[] = [];
    await this.#deliverTask({ job, segment, block: number, first: 0, rows }, block, results);
    this.#done(block, results);
  }

  #done({ job, segment, block }: DoneBlock, results: readonly CommittedResult[]): void {
    this.#state.passing.given(job, segment, block, results);
    this.#channel.send({ kind: "block-done", job: job.name, segment, block });
  }

  /** The result of a task, or those of its parts in the order of their rows. @param results which these were */
  async #deliverTask(task: TaskId, block: DoneBlock, results: CommittedResult[]): Promise<void> {
    const { engine, recent, settings } = this.#state;
    const known = task.first === 0 && task.rows === block.rows ? block.committed : undefined;
    const committed = known ?? block.job.withheld.get(blockKey(task)) ?? (await this.#committed(task));
    if (committed === undefined || committed.input !== block.input) throw inputChanged(block);
    if (committed.kind === "split") {
      for (const [at, first] of committed.at.entries()) await this.#deliverTask({ ...task, first, rows: (committed.at[at + 1] ?? task.first + task.rows) - first }, block, results);
      return;
    }
    const { job, segment, block: number, first, rows } = task;
    if (committed.kind === "quarantine") return this.#channel.send({ kind: "part", job, segment, block: number, first, rows, failures: [], error: committed.error });
    const about = typeof committed.about === "string" ? decodeAbout(await engine.blobs.get(committed.about)) : committed.about;
    const payload = recent.take(committed.sha256) ?? (await this.#results.read(committed));
    if (this.#channel.bufferedBytes > settings.driverBufferedBytes) await this.#room();
    this.#part(task, committed, about, payload);
    results.push(committed);
  }

  async #committed(task: TaskId): Promise<Committed | undefined> {
    const record = await this.#state.engine.ledger.committed(task.job, blockKey(task));
    return record && committedOf(record);
  }

  async #room(): Promise<void> {
    while (this.#channel.bufferedBytes > this.#state.settings.driverBufferedBytes && this.#isOpen()) {
      this.isHeldUp = true;
      await this.#state.clock.sleep(pollMs, this.#state.signal);
    }
    this.isHeldUp = false;
  }
}

export function inputChanged({ job, segment, block, rows }: DoneBlock): ShoalError {
  const { name } = job.description.segments[segment] ?? { name: `segment ${segment}` };
  return new ShoalError("input-changed", `Block ${block} of ${name} (segment ${segment}, ${rows} rows) is another one than the one that was predicted before.`, {
    failure: "bug",
    hint: "Its files, or a step before it, have changed since the run began. Run it anew, without --resume; what a shared run keeps is the hidden folder beside its output that ends in .shoal-share: remove it.",
    details: { segment, block, rows },
  });
}
