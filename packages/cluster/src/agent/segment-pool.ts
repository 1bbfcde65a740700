import { ShoalError, type Block, type BlockResult, type FailureClass } from "@shoal/core";
import { openStagePool, PoolRecorder, type BlockPool, type PoolEvent } from "@shoal/executor";
import { isStateful, mayChangeRows, sortingWindowRows, type SegmentPlan } from "@shoal/planner";
import type { SegmentMessage, Welcome } from "../connection/messages.ts";
import type { AgentParts } from "./agent.ts";
import { JoinPace } from "./join-pace.ts";
import { segmentKey } from "./lease-queue.ts";
import { ObservedHost } from "./observed-host.ts";
import { travelledStage } from "./travelled-stage.ts";

export interface SegmentPoolEvents {
  /** Its first actor has loaded the model. */
  readonly onLoaded: (pool: SegmentPool, loadMs: number) => void;
  readonly onChange: () => void;
  /** It can't go on. */
  readonly onFailure: (pool: SegmentPool) => void;
  readonly onNotice: (message: string, failure?: FailureClass) => void;
  readonly onTick: () => void;
}

const tellEveryMs = 250;

/** The actors of this machine that compute one segment. */
export class SegmentPool {
  readonly segment: SegmentMessage;
  readonly key: string;
  /** The device that its actors really use; undefined until one has loaded. */
  device: string | undefined;
  /** When it was last seen with work. */
  usedAt: number;
  /** Of its model, that are on this machine. */
  fetchedBytes = 0;
  readonly #host: ObservedHost;
  readonly #joins: boolean;
  readonly #pace = new JoinPace();
  readonly #stop = new AbortController();
  readonly #ready: Promise<BlockPool>;
  #pool: BlockPool | undefined;
  #closing: Promise<void> | undefined;
  #ended = false;

  constructor(segment: SegmentMessage, welcome: Welcome, parts: AgentParts, events: SegmentPoolEvents) {
    this.segment = segment;
    this.key = segmentKey(segment);
    this.#host = new ObservedHost(parts.host);
    this.#joins = joins(segment.description.plan);
    this.usedAt = parts.clock.now();
    this.#ready = this.#open(welcome, parts, events);
    this.#ready.then(events.onChange, () => this.#failed(events));
  }

  get actors(): number {
    return this.#pool?.actors ?? 0;
  }

  /** It was closed, or can't go on. */
  get ended(): boolean {
    return this.#ended;
  }

  /** More open blocks than this would only wait. */
  get capacity(): number {
    return this.#pool?.capacity ?? 1;
  }

  /**
   * Rows of several blocks that may be predicted as one, so that batches are packed of as many as on one machine. No more than an actor does in short, and no
   * more than leaves something for the others.
   * @param waiting rows that wait
   * @param open blocks that were submitted and are not done
   */
  rowsTogether(waiting: number, open: number): number {
    if (!this.#joins) return 0;
    const sharers = Math.max(1, this.capacity - open, this.actors);
    return Math.min(sortingWindowRows, this.#pace.rows, waiting / sharers);
  }

  /** Nothing can be computed before a model is there. */
  get loading(): boolean {
    return this.device === undefined;
  }

  /** Rows of the block that are done: asked of the earliest of those that were submitted. */
  rowsDone(block: Block): number {
    return this.loading ? 0 : this.#host.rowsDone(block);
  }

  /** @throws what the pool can't go on for */
  async submit(block: Block): Promise<BlockResult> {
    this.#host.submitted(block);
    const result = await (await this.#ready).submit(block);
    this.#pace.blockDone(result, block.rows);
    return result;
  }

  /** Ends its actors at once; those that compute are killed. Settles when they are gone. */
  close(): Promise<void> {
    this.#ended = true;
    this.#stop.abort(new ShoalError("aborted", "The segment was closed.", { failure: "aborted" }));
    this.#closing ??= this.#ready.then((pool) => pool.close(), () => {});
    return this.#closing;
  }

  #failed({ onFailure }: SegmentPoolEvents): void {
    this.#ended = true;
    onFailure(this);
  }

  async #open(welcome: Welcome, parts: AgentParts, events: SegmentPoolEvents): Promise<BlockPool> {
    const { clock, resources, devices } = parts;
    const openedAt = clock.now();
    const stage = await travelledStage(this.segment.description, welcome, parts);
    const { model } = this.segment.description;
    if (model !== undefined && stage.spec.kind === "declarative") {
      let toldAt = -Infinity;
      await parts.fetchModel?.(stage.spec, model, (bytes) => {
        this.fetchedBytes = bytes;
        if (clock.now() - toldAt < tellEveryMs) return;
        toldAt = clock.now();
        events.onTick();
      }, this.#stop.signal);
    }
    this.#stop.signal.throwIfAborted();
    const onEvent = (event: PoolEvent): void => {
      if (event.kind === "notice") events.onNotice(event.message);
      if (event.kind === "actor-lost") events.onNotice(`${event.actor} was lost: ${event.reason}`, event.failure);
      if (event.kind !== "actor-started") return;
      const first = this.device === undefined;
      this.device = event.device;
      if (first) events.onLoaded(this, clock.now() - openedAt);
    };
    const pool = openStagePool(stage, { host: this.#host, clock, resources, devices }, {
      record: new PoolRecorder(clock), onEvent, onChange: events.onChange,
      onFailure: () => this.#failed(events),
      onTick: () => {
        this.#host.look();
        events.onTick();
      },
    });
    pool.start();
    this.#pool = pool;
    return pool;
  }
}

/** Rows are sorted by their cost, and can be predicted apart from each other: it is nobody's business which others are in their block. */
function joins({ spec, policy }: SegmentPlan): boolean {
  return policy.maxBatchCost !== undefined && policy.batchSize === "auto" && policy.bisect && !mayChangeRows(spec) && !isStateful(spec);
}
