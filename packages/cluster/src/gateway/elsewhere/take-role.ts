import { ShoalError } from "@shoal/core";
import type { Leadership } from "../../engine/index.ts";
import type { DriverLink } from "../jobs/driver-link.ts";
import type { GatewayState } from "../gateway-state.ts";
import type { GatewayTalk } from "./gateway-talk.ts";
import type { JobRoles } from "./job-roles.ts";

export interface TakenRole {
  readonly role: Leadership;
  /** Another gateway had it until then, and was asked for it. */
  readonly wasHeld: boolean;
}

/** Before others are asked: a role that was just released is free by then. */
const askAfterMs = 500;
const tellEveryMs = 5_000;

/**
 * Takes the role of who leads a job. Where another gateway has it, that one is asked: it lets go unless a driver of its own is connected. One that is gone
 * has it until its lease runs out. Meanwhile the driver is told what it waits for.
 * @throws `job-taken`, where the other one has a driver; `engine-paused`, where nobody answers: to come again helps
 */
export async function takeRole(state: GatewayState, roles: JobRoles, talk: GatewayTalk, job: string, driver: DriverLink): Promise<TakenRole> {
  const { clock, settings, signal, log } = state;
  const giveUp = new AbortController();
  const over = new AbortController();
  const acquired = roles.acquire(job, AbortSignal.any([signal, giveUp.signal]));
  const waiting = AbortSignal.any([signal, giveUp.signal, over.signal]);
  let wasHeld = false;
  const wait = async (): Promise<void> => {
    await clock.sleep(askAfterMs, waiting);
    wasHeld = true;
    let isAsked = false;
    talk.want(job, driver.name, driver.isProven, () => giveUp.abort(runsElsewhere(job)), waiting).then(() => (isAsked = true)).catch((error: unknown) => {
      if (!waiting.aborted) log.debug(`Other gateways can't be asked now: ${ShoalError.from(error).message}`);
    });
    const mostMs = roles.ttlMs + settings.handOverMs;
    for (const since = clock.now(); clock.now() - since < mostMs; ) {
      driver.send({ kind: "fleet", job, segment: 0, workers: 0, busy: 0, loading: 0, notice: `another gateway had this job; it is taken over within ${Math.ceil((mostMs - (clock.now() - since)) / 1000)} s` });
      await clock.sleep(Math.min(tellEveryMs, mostMs), waiting);
    }
    // Only who answers that it has the driver has the job for certain.
    giveUp.abort(notYet(job, isAsked));
  };
  wait().catch(() => {});
  const gaveUp = new Promise<never>((_, reject) => giveUp.signal.addEventListener("abort", () => reject(giveUp.signal.reason), { once: true }));
  try {
    return { role: await Promise.race([acquired, gaveUp]), wasHeld };
  } catch (error) {
    // An engine that hears late that nobody waits any more.
    acquired.then((late) => late.release()).catch(() => {});
    throw error;
  } finally {
    over.abort();
  }
}

function notYet(job: string, isAsked: boolean): ShoalError {
  return new ShoalError("engine-paused", isAsked ? `Job ${job} can't be taken over yet: whoever had it does not answer.` : "This gateway can't reach its engine now.", { hint: "It is tried again, at another gateway if the link names several." });
}

export function runsElsewhere(job: string): ShoalError {
  return new ShoalError("job-taken", `Job ${job} has a driver already, which is connected.`, { hint: "Wait until that run has ended; if its process is gone, its connection will be noticed as lost within a minute.", failure: "bug" });
}
