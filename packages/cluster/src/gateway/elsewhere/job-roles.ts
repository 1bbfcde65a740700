import { ShoalError } from "@shoal/core";
import type { Leadership } from "../../engine/index.ts";
import type { GatewayJob } from "../jobs/gateway-job.ts";
import type { GatewayState } from "../gateway-state.ts";

/** The role of who leads a job. */
export function roleOf(job: string): string {
  return `job ${job}`;
}

interface Held {
  readonly leadership: Leadership;
  readonly lost: () => void;
  renewedAt: number;
  isRenewing: boolean;
}

/** The jobs that this gateway leads: each is a role of its own, which is renewed as long as it has the job. */
export class JobRoles {
  readonly #state: GatewayState;
  readonly #onLost: (job: GatewayJob) => void;
  readonly #held = new Map<GatewayJob, Held>();

  constructor(state: GatewayState, onLost: (job: GatewayJob) => void) {
    this.#state = state;
    this.#onLost = onLost;
  }

  get ttlMs(): number {
    const { settings, engine } = this.#state;
    return Math.max(settings.leaderMs, engine.leader.shortestTtlMs);
  }

  /** Waits until nobody else leads the job; rejects with the signal's reason. */
  acquire(job: string, signal: AbortSignal): Promise<Leadership> {
    return this.#state.engine.leader.acquire(roleOf(job), this.ttlMs, signal);
  }

  hold(job: GatewayJob, leadership: Leadership): void {
    const lost = (): void => this.#lose(job, leadership);
    job.role = leadership;
    this.#held.set(job, { leadership, lost, renewedAt: this.#state.clock.now(), isRenewing: false });
    if (leadership.lost.aborted) lost();
    else leadership.lost.addEventListener("abort", lost, { once: true });
  }

  /** Others may have it. */
  async release(job: GatewayJob): Promise<void> {
    const held = this.#held.get(job);
    if (held === undefined) return;
    this.#forget(job, held);
    await held.leadership.release().catch(() => {});
  }

  async releaseAll(): Promise<void> {
    await Promise.all([...this.#held.keys()].map((job) => this.release(job)));
  }

  /** Renews what is held, and lets go of what is over, until the gateway is. */
  async keep(): Promise<void> {
    const { clock, settings, signal, log } = this.#state;
    while (!signal.aborted) {
      const due = clock.now() + settings.leaderMs / 3;
      await clock.sleep(settings.leaderMs / 3, signal);
      // Where this process stood still, no engine was asked: an answer that is on its way is heard first.
      const lateMs = Math.max(0, clock.now() - due);
      for (const [job, held] of this.#held) {
        held.renewedAt += lateMs;
        this.#renew(job, held).catch((error: unknown) => log.warn(`Job ${job.name} could not be put down: ${ShoalError.from(error).message}`));
      }
    }
  }

  /** A job that is over is led for as long as its driver is there to be given what was done. Called about once a second. */
  mind(isBusy: (job: GatewayJob) => boolean): void {
    const { jobs } = this.#state;
    for (const job of this.#held.keys()) if ((job.isOver && job.driver === undefined && !isBusy(job)) || jobs.get(job.name) !== job) void this.release(job);
  }

  /** An engine that does not answer may give the role to another once its time is over; which its loss tells, or the time. */
  async #renew(job: GatewayJob, held: Held): Promise<void> {
    const { clock, log } = this.#state;
    const isLate = (): boolean => clock.now() - held.renewedAt >= this.ttlMs;
    if (held.isRenewing) return isLate() ? this.#lose(job, held.leadership) : undefined;
    held.isRenewing = true;
    try {
      if (!(await held.leadership.renew())) return this.#lose(job, held.leadership);
      held.renewedAt = clock.now();
    } catch (error) {
      log.warn(`The role of job ${job.name} could not be renewed: ${ShoalError.from(error).message}`);
      if (isLate()) this.#lose(job, held.leadership);
    } finally {
      held.isRenewing = false;
    }
  }

  #lose(job: GatewayJob, leadership: Leadership): void {
    const held = this.#held.get(job);
    if (held?.leadership !== leadership) return;
    this.#forget(job, held);
    // Should it be held after all, others need not wait.
    leadership.release().catch(() => {});
    if (!this.#state.signal.aborted) this.#onLost(job);
  }

  #forget(job: GatewayJob, { leadership, lost }: Held): void {
    leadership.lost.removeEventListener("abort", lost);
    this.#held.delete(job);
    job.role = undefined;
  }
}
