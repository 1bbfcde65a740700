import type { ErrorData } from "@shoal/core";
import { travellingError } from "../../connection/travelling-error.ts";
import type { GatewayJob, PauseReason } from "./gateway-job.ts";
import type { GatewayState } from "../gateway-state.ts";

/** Jobs that are over and still shown. */
const shownJobs = 20;

/** Ends a job for everybody who has to do with it. Its ledger stays: it may be brought again. */
export function failJob(state: GatewayState, job: GatewayJob, error: ErrorData): void {
  if (job.state === "failed" || job.state === "cancelled") return;
  if (job.guest !== undefined) return job.guest.fail(error);
  const { driver } = job;
  endJob(state, job, "failed", error);
  driver?.send({ kind: "job-failed", job: job.name, error: travellingError(error) });
}

export function endJob(state: GatewayState, job: GatewayJob, how: "done" | "failed" | "cancelled", error?: ErrorData): void {
  // What is handed to the driver may show, at last, that its input has changed.
  if (job.isOver && !(job.state === "done" && how === "failed")) return;
  job.state = how;
  job.error = error;
  job.endedAt = state.date();
  if (how !== "done") state.loop.tell({ kind: "job-cancelled", job: job.name });
  for (const link of state.links.values()) link.jobEnded(job.name);
  if (how !== "done") state.inputs.forget(job.name);
  for (const worker of state.workers.values()) worker.forgetJob(job.name);
  forgetOldest(state);
  state.changed();
}

/** It leaves this process without a trace but in its ledger: nobody has brought it for long. */
export function dropJob(state: GatewayState, job: GatewayJob): void {
  state.jobs.delete(job.name);
  state.loop.tell({ kind: "job-cancelled", job: job.name });
  for (const link of state.links.values()) link.jobEnded(job.name);
  state.inputs.forget(job.name);
  state.changed();
}

function forgetOldest({ jobs }: GatewayState): void {
  const over = [...jobs.values()].filter(({ isOver, driver }) => isOver && driver === undefined);
  for (const job of over.slice(0, Math.max(0, over.length - shownJobs))) jobs.delete(job.name);
}

export function pauseJob(state: GatewayState, job: GatewayJob, reason: PauseReason): void {
  if (job.pausedBy.size === 0) state.loop.tell({ kind: "job-paused", job: job.name });
  job.pausedBy.add(reason);
  state.changed();
}

export function resumeJob(state: GatewayState, job: GatewayJob, reason: PauseReason): void {
  if (!job.pausedBy.delete(reason) || job.pausedBy.size > 0) return;
  state.loop.tell({ kind: "job-resumed", job: job.name });
  state.changed();
}
