import type { BeatMessage, WorkerTraits } from "../../connection/messages.ts";
import type { TaskId } from "../../scheduler/index.ts";
import { CountedRows } from "../snapshot/counted-rows.ts";
import type { WorkerLink } from "./worker-link.ts";

/** Leases of a worker that are remembered: an answer to an earlier one is taken for forged. */
const mostLeased = 16_384;
const forgottenAtOnce = 1_024;
const strikeHalfLifeMs = 300_000;
/** Of what a stranger may have written. */
const mostTold = 300;

/** What is known of a worker by its name, whatever connection it has. */
export class WorkerRecord {
  readonly name: string;
  readonly joinedAt: number;
  traits: WorkerTraits;
  /** By which it came first; absent for one of this process. */
  invite: string | undefined;
  link: WorkerLink | undefined;
  heard: Pick<BeatMessage, "state" | "device" | "notice" | "loading"> = { state: "waiting" };
  draining = false;
  rowsDone = 0;
  blocksDone = 0;
  failures = 0;
  /** Why the last of them was one. */
  lastFailure: string | undefined;
  /** By the number of the attempt. */
  readonly rate = new CountedRows<number>();
  /** Until when it is not let in. */
  shutOutUntil = 0;
  shutOutFor = "";
  readonly #leased = new Map<number, TaskId>();
  #strikes = 0;
  #struckAt = 0;
  #lateAt = -Infinity;

  constructor(name: string, traits: WorkerTraits, invite: string | undefined, joinedAt: number) {
    this.name = name;
    this.traits = traits;
    this.invite = invite;
    this.joinedAt = joinedAt;
  }

  /** For people. */
  get label(): string {
    return this.traits.label || this.name;
  }

  failed(why: string): void {
    this.failures++;
    this.lastFailure = why.slice(0, mostTold);
  }

  lease(attempt: number, task: TaskId): void {
    this.#leased.set(attempt, task);
    if (this.#leased.size > mostLeased + forgottenAtOnce) this.#forgetOldest();
  }

  /** Many at once: a map is slow to find its first entry where many were before it. */
  #forgetOldest(): void {
    for (const attempt of this.#leased.keys()) {
      if (this.#leased.size <= mostLeased) return;
      this.#leased.delete(attempt);
    }
  }

  /** What was leased to it under this number. */
  leased(attempt: number): TaskId | undefined {
    return this.#leased.get(attempt);
  }

  /** Whether the task was leased to it under this number. */
  had(attempt: number, task: TaskId): boolean {
    const known = this.#leased.get(attempt);
    return known !== undefined && known.job === task.job && known.segment === task.segment && known.block === task.block && known.first === task.first && known.rows === task.rows;
  }

  /** Whatever comes of it now is answered without looking whose it was. */
  forgetJob(job: string): void {
    for (const [attempt, task] of this.#leased) if (task.job === job) this.#leased.delete(attempt);
  }

  /** A result of it could not be read in time; whether none was before, lately. */
  isLateFirst(now: number): boolean {
    const isFirst = now - this.#lateAt > strikeHalfLifeMs;
    this.#lateAt = now;
    return isFirst;
  }

  /** Counts a forged or bad result; gives how many there were lately. */
  strike(now: number): number {
    this.#strikes = this.#strikes * 0.5 ** ((now - this.#struckAt) / strikeHalfLifeMs) + 1;
    this.#struckAt = now;
    return this.#strikes;
  }
}
