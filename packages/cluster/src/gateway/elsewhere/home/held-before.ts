import type { TaskId } from "../../../scheduler/index.ts";
import type { GatewayJob } from "../../jobs/gateway-job.ts";
import { blockKey } from "../../results/commit-record.ts";

/** What others had of jobs before they came to be led here: nobody here begins it as long as they say so. */
export class HeldBefore {
  /** By the keys of tasks, when it was last heard that others have them. */
  readonly #heard = new Map<GatewayJob, Map<string, number>>();

  begin(job: GatewayJob, keys: readonly string[], now: number): void {
    this.#heard.set(job, new Map(keys.map((key) => [key, now])));
  }

  heard(job: GatewayJob, key: string, now: number): void {
    this.#heard.get(job)?.set(key, now);
  }

  /** When somebody said last that they have it; that is told once. */
  take(job: GatewayJob, task: Omit<TaskId, "job">): number | undefined {
    const held = this.#heard.get(job);
    if (held === undefined || held.size === 0) return undefined;
    const key = blockKey(task);
    const at = held.get(key);
    held.delete(key);
    return at;
  }

  forget(job: GatewayJob): void {
    this.#heard.delete(job);
  }
}
