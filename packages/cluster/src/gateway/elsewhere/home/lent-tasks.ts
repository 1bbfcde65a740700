import type { TaskId } from "../../../scheduler/index.ts";
import type { GatewayJob } from "../../jobs/gateway-job.ts";
import { blockKey } from "../../results/commit-record.ts";
import type { StandIn, Lent } from "./stand-in.ts";

/** The book of what is lent, and to which stand-in. */
export class LentTasks {
  readonly #standIns: Iterable<StandIn>;
  readonly #byKey = new Map<string, Lent>();

  constructor(standIns: Iterable<StandIn>) {
    this.#standIns = standIns;
  }

  *[Symbol.iterator](): Generator<Lent, void, undefined> {
    for (const standIn of this.#standIns) yield* standIn.lent.values();
  }

  add(lent: Lent): void {
    lent.standIn.lent.set(lent.number, lent);
    this.#byKey.set(keyOf(lent.task), lent);
  }

  drop(lent: Lent): void {
    lent.standIn.lent.delete(lent.number);
    if (this.#byKey.get(keyOf(lent.task)) === lent) this.#byKey.delete(keyOf(lent.task));
  }

  of(task: TaskId): Lent | undefined {
    return this.#byKey.size === 0 ? undefined : this.#byKey.get(keyOf(task));
  }

  /** By the key of the task. */
  withKey(job: GatewayJob, key: string): Lent | undefined {
    return this.#byKey.get(`${job.name}/${key}`);
  }

  /** By the number of the attempt. */
  numbered(number: number): Lent | undefined {
    for (const { lent } of this.#standIns) if (lent.has(number)) return lent.get(number);
    return undefined;
  }

  ofJob(job: GatewayJob): Lent[] {
    return [...this].filter(({ task }) => task.job === job.name);
  }
}

function keyOf({ job, ...task }: TaskId): string {
  return `${job}/${blockKey(task)}`;
}
