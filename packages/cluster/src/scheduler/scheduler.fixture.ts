import type { ErrorData } from "@shoal/core";
import type { LeasedTask, SchedulerEffect } from "./effects.ts";
import type { JobSpec, SchedulerEvent, SegmentNeeds, TaskId, WorkerJoined } from "./events.ts";
import { schedule } from "./scheduler.ts";
import type { SchedulerSettings } from "./settings.ts";
import { createScheduler, type SchedulerState } from "./state.ts";

type EffectOf<K extends SchedulerEffect["kind"]> = Extract<SchedulerEffect, { readonly kind: K }>;

/** A scheduler with its time, spoken to in short words. */
export class TestFleet {
  now = 0;
  readonly state: SchedulerState;
  #effects: SchedulerEffect[] = [];

  constructor(settings: Partial<SchedulerSettings> = {}) {
    this.state = createScheduler(settings);
  }

  /** Says what happened, `afterMs` later, and gives what is to be done. */
  tell(event: SchedulerEvent, afterMs = 0): readonly SchedulerEffect[] {
    this.now += afterMs;
    const effects = schedule(this.state, event, this.now);
    this.#effects.push(...effects);
    return effects;
  }

  /** All of one kind since this was last asked. */
  take<K extends SchedulerEffect["kind"]>(kind: K): EffectOf<K>[] {
    const taken = this.#effects.filter((effect): effect is EffectOf<K> => effect.kind === kind);
    this.#effects = this.#effects.filter((effect) => effect.kind !== kind);
    return taken;
  }

  submit(job: string, change: Partial<Omit<JobSpec, "job">> = {}, needs: Partial<SegmentNeeds> = {}): void {
    this.tell({ kind: "job-submitted", spec: { job, priority: 0, weight: 1, segments: [{ needs: { devices: [], memoryBytes: 0, ...needs }, divisible: true }], ...change } });
  }

  offer(job: string, count: number, { segment = 0, rows = 10, from = 0, ends = true }: { segment?: number; rows?: number; from?: number; ends?: boolean } = {}): void {
    for (let block = from; block < from + count; block++) this.tell({ kind: "block-offered", job, segment, block, rows, bytes: 100 });
    if (ends) this.tell({ kind: "input-ended", job, segment, blocks: from + count });
  }

  join(worker: string, change: Partial<WorkerJoined> = {}): void {
    this.tell({ kind: "worker-joined", worker, connection: worker, host: "machine", devices: ["cpu"], memoryBytes: 8e9, models: [], credit: 2, ...change });
  }

  /** Leases since this was last asked: what each worker got. */
  leased(): Record<string, LeasedTask[]> {
    const all: Record<string, LeasedTask[]> = {};
    for (const { connection, tasks } of this.take("lease")) (all[connection] ??= []).push(...tasks);
    return all;
  }

  result(worker: string, { task, attempt }: LeasedTask, afterMs = 100): void {
    this.tell({ kind: "result", connection: worker, task, attempt }, afterMs);
    for (const commit of this.take("commit")) this.tell({ kind: "commit-won", task: commit.task });
  }

  fail(worker: string, { task, attempt }: LeasedTask, failure: "row" | "oom" | "bug" | "device-lost" = "row", row?: number): void {
    const error: ErrorData = { code: failure, message: failure };
    this.tell({ kind: "failed", connection: worker, task, attempt, failure, error, ...(row === undefined ? {} : { row }) }, 100);
  }

  /** Time passes, with beats, so that nobody's leases end. */
  pass(ms: number, ...beating: string[]): void {
    for (let left = ms; left > 0; left -= 5000) {
      this.now += Math.min(5000, left);
      for (const connection of beating) {
        const running = this.state.connections.get(connection)?.attempts.keys().next().value;
        this.tell({ kind: "beat", connection, rows: 0, ...(running === undefined ? {} : { running: { epoch: this.state.settings.epoch, number: running } }) });
      }
      this.tell({ kind: "tick" });
    }
  }

  /** Time passes, and the clock is asked as often as it was wished. */
  wait(ms: number): void {
    const end = this.now + ms;
    for (let next = this.state.timerAt; next <= end; next = this.state.timerAt) this.tell({ kind: "tick" }, Math.max(0, next - this.now));
    this.now = end;
  }

  commitAll(): TaskId[] {
    const commits = this.take("commit");
    for (const { task } of commits) this.tell({ kind: "commit-won", task });
    return commits.map(({ task }) => task);
  }
}

export const blocksOf = (tasks: readonly LeasedTask[] | undefined): number[] => (tasks ?? []).map(({ task }) => task.block);
