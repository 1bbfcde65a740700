import type { SegmentMessage, Welcome } from "../connection/messages.ts";
import type { AgentParts } from "./agent.ts";
import { backOffMs } from "../connection/back-off.ts";
import { segmentKey } from "./lease-queue.ts";
import { SegmentPool, type SegmentPoolEvents } from "./segment-pool.ts";

/** A pool without work keeps its model so long, should the job go on. */
const idleMs = 120_000;
/** In memory, weights and what a run needs beside them, in multiples of the model's files. A guess, where the plan says nothing. */
const bytesPerFileByte = 4;

/** The pools of this machine: as many models at a time as fit, one where nobody knows. */
export class SegmentPools {
  readonly #parts: AgentParts;
  readonly #events: SegmentPoolEvents;
  readonly #open = new Map<string, SegmentPool>();
  readonly #closing = new Set<Promise<void>>();
  readonly #failures = new Map<string, { times: number; until: number }>();

  constructor(parts: AgentParts, events: SegmentPoolEvents) {
    this.#parts = parts;
    this.#events = {
      ...events,
      onFailure: (pool) => {
        this.#failed(pool);
        events.onFailure(pool);
      },
      onLoaded: (pool, loadMs) => {
        this.#failures.delete(pool.key);
        events.onLoaded(pool, loadMs);
      },
    };
  }

  get(key: string): SegmentPool | undefined {
    return this.#open.get(key);
  }

  /** The pool of a segment, opened where there is room. Otherwise undefined, and how long to wait: Infinity until something changes. */
  for(segment: SegmentMessage, welcome: Welcome): { readonly pool: SegmentPool } | { readonly pool?: undefined; readonly waitMs: number } {
    const key = segmentKey(segment);
    const there = this.#open.get(key);
    if (there !== undefined) return { pool: there };
    const now = this.#parts.clock.now();
    const waitMs = (this.#failures.get(key)?.until ?? now) - now;
    if (waitMs > 0) return { waitMs };
    if (!this.#fits(segment)) for (const pool of this.#open.values()) this.close(pool);
    // The memory of those that are ending is not free yet.
    if (this.#closing.size > 0) return { waitMs: Infinity };
    const pool = new SegmentPool(segment, welcome, this.#parts, this.#events);
    this.#open.set(key, pool);
    return { pool };
  }

  /** Ends the actors of a pool; those that compute are killed. */
  close(pool: SegmentPool): void {
    if (this.#open.get(pool.key) === pool) this.#open.delete(pool.key);
    const closing = pool.close().finally(() => {
      this.#closing.delete(closing);
      this.#events.onChange();
    });
    this.#closing.add(closing);
  }

  closeJob(job: string): void {
    for (const pool of this.#open.values()) if (pool.segment.job === job) this.close(pool);
    for (const key of this.#failures.keys()) if (key.startsWith(`${job}#`)) this.#failures.delete(key);
  }

  closeIdle(): void {
    const now = this.#parts.clock.now();
    for (const pool of this.#open.values()) if (now - pool.usedAt >= idleMs) this.close(pool);
    for (const [key, { until }] of this.#failures) if (now - until >= idleMs) this.#failures.delete(key);
  }

  /** Settles when no actor is left. */
  async closeAll(): Promise<void> {
    for (const pool of this.#open.values()) this.close(pool);
    await Promise.allSettled(this.#closing);
  }

  #failed(pool: SegmentPool): void {
    if (this.#open.get(pool.key) !== pool) return;
    const { clock, random } = this.#parts;
    const times = (this.#failures.get(pool.key)?.times ?? 0) + 1;
    this.#failures.set(pool.key, { times, until: clock.now() + backOffMs(times + 1, random) });
    this.#open.delete(pool.key);
    // Not before the pool has told its blocks what went wrong.
    queueMicrotask(() => this.close(pool));
  }

  /** All models together fit the memory, as far as is known. */
  #fits(segment: SegmentMessage): boolean {
    let bytes = bytesOf(segment, this.#parts);
    for (const pool of this.#open.values()) bytes += bytesOf(pool.segment, this.#parts);
    return bytes <= this.#parts.resources.memory / 2;
  }
}

/** Memory of a segment's actors. */
function bytesOf({ description: { plan, model } }: SegmentMessage, { resources }: AgentParts): number {
  const files = (model?.files ?? []).reduce((sum, file) => sum + file.bytes, 0);
  const each = plan.memory > 0 ? plan.memory : files > 0 ? files * bytesPerFileByte : Infinity;
  const actors = plan.numCpus > 0 ? Math.min(plan.maxActors, Math.max(1, Math.floor(resources.cpus / plan.numCpus))) : plan.maxActors;
  return each * actors;
}
