import type { SchedulerState } from "@shoal/cluster";

/** What a scheduler that does not get on has. */
export function describeScheduler(state: SchedulerState): string {
  const workers = [...state.workers.values()].map((worker) => `${worker.name} ${worker.status} ${worker.joined.devices.join("+")} ${worker.joined.memoryBytes / 1e9} GB, leases ${worker.leases.size}/${worker.credit}: ${[...worker.attempts.keys()].join(" ")}${state.waiting.has(worker) ? ", waits" : ""}`);
  const blocks = [...state.jobs.values()].flatMap((job) => job.segments.flatMap((segment) => [
    `${job.spec.job}/${segment.index} asked ${segment.asked}, offered ${segment.offered}, total ${segment.total}, ready ${segment.readyTasks}, able ${segment.able}, needs ${JSON.stringify(segment.spec.needs)}, strikes ${JSON.stringify([...job.strikes])}`,
    ...[...segment.open.values()].flatMap(({ block, parts }) => parts.map(({ first, rows, place, attempts, committing, trouble }) => `  ${block}: ${first}+${rows} ${place} attempts ${attempts.map(({ number }) => number).join(" ")} ${committing === undefined ? "" : `committing ${committing.entry.kind}`} failures ${trouble?.failures ?? 0} by ${trouble?.failedBy.size ?? 0}`)).slice(0, 5),
  ]));
  return [`at ${state.now}, timers ${state.timers.size} next ${state.timers.peek()?.at} asked ${state.timerAt}, wake ${state.wakeAt}`, ...workers, ...blocks].join("\n");
}
