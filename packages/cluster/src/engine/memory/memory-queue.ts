import type { Clock } from "@shoal/core";
import type { QueuedTask, QueueLease, TaskQueue } from "../task-queue.ts";

export interface MemoryQueueOptions {
  /** Default 60,000. */
  readonly leaseMs?: number;
  /** How many tasks may wait or be leased. Default 100,000. */
  readonly maxTasks?: number;
}

interface Waiting {
  readonly task: QueuedTask;
  deliveries: number;
  /** The lease that has it; one of before has no say. */
  lease: object | undefined;
  /** When a lease ends, or a task that was given back may be given out again. */
  dueAt: number;
}

const priorities = 10;

/** A queue in memory, which forgets everything with its process. */
export class MemoryQueue implements TaskQueue {
  readonly leaseMs: number;
  readonly #maxTasks: number;
  readonly #clock: Clock;
  /** By class, then by priority. */
  readonly #ready = new Map<string, readonly Set<Waiting>[]>();
  readonly #held = new Set<Waiting>();
  readonly #ids = new Set<string>();
  readonly #pulling = new Set<() => void>();
  #nextDueAt = Infinity;

  constructor(clock: Clock, { leaseMs = 60_000, maxTasks = 100_000 }: MemoryQueueOptions = {}) {
    this.#clock = clock;
    this.leaseMs = leaseMs;
    this.#maxTasks = maxTasks;
  }

  async offer(task: QueuedTask): Promise<"queued" | "full"> {
    if (this.#ids.has(task.id)) return "queued";
    if (this.#ids.size >= this.#maxTasks) return "full";
    this.#ids.add(task.id);
    this.#makeReady({ task, deliveries: 0, lease: undefined, dueAt: 0 });
    return "queued";
  }

  async pull(classes: readonly string[], count: number, waitMs: number, signal?: AbortSignal): Promise<readonly QueueLease[]> {
    const until = this.#clock.now() + waitMs;
    for (;;) {
      signal?.throwIfAborted();
      this.#freeDue();
      const first = classes.find((name) => this.#ready.get(name)?.some((tasks) => tasks.size > 0));
      if (first !== undefined) return this.#lend(first, count);
      const waitForMs = Math.min(until, this.#nextDueAt) - this.#clock.now();
      if (this.#clock.now() >= until) return [];
      await this.#news(Math.max(0, waitForMs), signal);
    }
  }

  #lend(name: string, count: number): readonly QueueLease[] {
    const leases: QueueLease[] = [];
    for (const tasks of this.#ready.get(name) ?? []) {
      for (const waiting of tasks) {
        if (leases.length === count) return leases;
        tasks.delete(waiting);
        waiting.deliveries++;
        this.#hold(waiting, this.leaseMs);
        leases.push(this.#lease(waiting));
      }
    }
    return leases;
  }

  #lease(waiting: Waiting): QueueLease {
    const lease: QueueLease = {
      task: waiting.task,
      deliveries: waiting.deliveries,
      extend: async () => {
        if (waiting.lease === lease) this.#hold(waiting, this.leaseMs);
      },
      acknowledge: async () => {
        if (waiting.lease !== lease) return;
        this.#held.delete(waiting);
        this.#ids.delete(waiting.task.id);
        waiting.lease = undefined;
      },
      giveBack: async (delayMs = 0) => {
        if (waiting.lease !== lease) return;
        waiting.lease = undefined;
        if (delayMs > 0) return this.#hold(waiting, delayMs);
        this.#held.delete(waiting);
        this.#makeReady(waiting);
      },
    };
    waiting.lease = lease;
    return lease;
  }

  #hold(waiting: Waiting, ms: number): void {
    waiting.dueAt = this.#clock.now() + ms;
    this.#nextDueAt = Math.min(this.#nextDueAt, waiting.dueAt);
    this.#held.add(waiting);
  }

  #freeDue(): void {
    const now = this.#clock.now();
    if (now < this.#nextDueAt) return;
    this.#nextDueAt = Infinity;
    for (const waiting of this.#held) {
      if (waiting.dueAt > now) {
        this.#nextDueAt = Math.min(this.#nextDueAt, waiting.dueAt);
        continue;
      }
      this.#held.delete(waiting);
      waiting.lease = undefined;
      this.#makeReady(waiting);
    }
  }

  #makeReady(waiting: Waiting): void {
    const { class: name, priority } = waiting.task;
    let tasks = this.#ready.get(name);
    if (tasks === undefined) this.#ready.set(name, (tasks = Array.from({ length: priorities }, () => new Set<Waiting>())));
    tasks[Math.min(priorities - 1, Math.max(0, Math.floor(priority)))]?.add(waiting);
    for (const wake of this.#pulling) wake();
  }

  /** Settles when there may be a task, or after a while. */
  async #news(ms: number, signal?: AbortSignal): Promise<void> {
    const over = new AbortController();
    const wake = (): void => over.abort();
    this.#pulling.add(wake);
    try {
      await this.#clock.sleep(ms, signal === undefined ? over.signal : AbortSignal.any([signal, over.signal])).catch(() => {});
    } finally {
      this.#pulling.delete(wake);
    }
  }
}
