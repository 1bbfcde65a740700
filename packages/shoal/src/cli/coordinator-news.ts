import type { HelpSnapshot, JobSnapshot, Snapshot, WorkerSnapshot } from "@shoal/cluster";
import { formatCount, formatDuration, plural } from "@shoal/executor";

/** What happened between two snapshots that somebody at the terminal wants a line about. */
export function coordinatorNews(before: Snapshot | undefined, after: Snapshot, workers: (before: readonly WorkerSnapshot[], after: readonly WorkerSnapshot[]) => readonly string[] = (was, is) => workerNews(was, is).map(({ line }) => line)): readonly string[] {
  return [...workers(ownWorkers(before), ownWorkers(after)), ...jobNews(before?.jobs ?? [], after.jobs), ...helpNews(before?.helps, after.helps), ...pauseNews(before?.paused, after.paused)];
}

/** Workers of other gateways come and go there: what stands for them here is none. */
export function ownWorkers(snapshot: Snapshot | undefined): readonly WorkerSnapshot[] {
  return (snapshot?.workers ?? []).filter(({ runtime }) => runtime !== "gateway");
}

function helpNews(before: readonly HelpSnapshot[] = [], after: readonly HelpSnapshot[] = []): readonly string[] {
  return after.filter(({ job }) => !before.some((each) => each.job === job)).map(({ name, by }) =>
    // An engine outlives its coordinators, be there ever only one.
    by === undefined ? `doing what an earlier coordinator has left of job "${name}"` : `helping ${by} with job "${name}"`);
}

export interface WorkerNews {
  readonly what: "joined" | "left";
  readonly line: string;
}

/** @param kind what they are called who are counted: `other worker` where this machine computes too */
export function workerNews(before: readonly WorkerSnapshot[], after: readonly WorkerSnapshot[], kind = "worker"): readonly WorkerNews[] {
  const known = new Map(before.map((worker) => [worker.worker, worker]));
  const here = after.filter(({ state }) => state !== "gone").length;
  const news = after.flatMap((worker): WorkerNews[] => {
    const was = known.get(worker.worker);
    const name = `${worker.label} (${worker.host === "tab" ? "tab, " : ""}${worker.devices.join(", ")})`;
    if (worker.state !== "gone" && (was === undefined || was.state === "gone")) return [{ what: "joined", line: `${name} joined` }];
    if (worker.state === "gone" && was !== undefined && was.state !== "gone") return [{ what: "left", line: `${name} left after ${plural(worker.rowsDone, "row")}` }];
    return [];
  });
  const gone = before.filter(({ worker, state }) => state !== "gone" && !after.some((each) => each.worker === worker)).map(({ label, rowsDone }): WorkerNews => ({ what: "left", line: `${label} left after ${plural(rowsDone, "row")}` }));
  return [...news, ...gone].map(({ what, line }) => ({ what, line: `${line}; ${plural(here, kind)} now` }));
}

function jobNews(before: readonly JobSnapshot[], after: readonly JobSnapshot[]): readonly string[] {
  const known = new Map(before.map((job) => [job.job, job]));
  return after.flatMap((job) => {
    const was = known.get(job.job);
    if (was?.state === job.state) return [];
    switch (job.state) {
      case "running": return [was === undefined ? `job "${job.name}" began${job.volunteers ? "; volunteers may see its rows" : ""}` : `job "${job.name}" goes on`];
      case "paused": return [`job "${job.name}" waits for the program that brought it`];
      case "done": return [`job "${job.name}" is done: ${plural(job.rowsDone, "row")}${job.endedAt === undefined ? "" : ` in ${formatDuration(job.endedAt - job.startedAt)}`}${job.failedRows === 0 ? "" : `, ${formatCount(job.failedRows)} failed`}`];
      case "failed": return [`job "${job.name}" failed: ${job.error?.message ?? "no reason is known"}`];
      case "cancelled": return [`job "${job.name}" was taken back`];
    }
  });
}

function pauseNews(before: string | undefined, after: string | undefined): readonly string[] {
  if (before === after) return [];
  return [after === undefined ? "results are kept again" : `nothing is committed: ${after}`];
}
