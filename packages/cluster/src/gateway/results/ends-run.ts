import type { TaskEntry, TaskId } from "../../scheduler/index.ts";
import type { GatewayJob } from "../jobs/gateway-job.ts";

/**
 * Whether its driver ends the run over this, since a row failed and no policy says to go on without it. That is no answer to keep: a machine may have failed
 * for reasons of its own, and whoever goes on with the run has these rows tried again, as on one machine.
 */
export function endsRun(job: GatewayJob, task: TaskId, entry: TaskEntry): boolean {
  if (entry.kind === "split" || (job.description.segments[task.segment]?.plan.onError ?? "fail") !== "fail") return false;
  return entry.kind === "quarantine" || (job.checked(task, entry.attempt, entry.worker)?.about.failures.length ?? 0) > 0;
}
