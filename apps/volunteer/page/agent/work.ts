import type { FailureClass } from "@shoal/core";
import type { AgentReport } from "./agent-port.ts";

/** Why nothing is computed though there may be work. */
export type Hold = "you" | "hidden" | "battery";

/** What the agent is doing; times are milliseconds since 1970. */
export type Activity =
  | { readonly kind: "starting" | "connecting" | "waiting" | "computing" | "draining" }
  | { readonly kind: "loading"; readonly name: string; readonly doneBytes: number; readonly bytes: number }
  | { readonly kind: "reconnecting"; readonly why: string; readonly at?: number }
  | { readonly kind: "restarting"; readonly why: string; readonly at: number };

export interface Done {
  readonly rows: number;
  readonly blocks: number;
}

/** What a started tab has done and does. */
export interface Work {
  readonly activity: Activity;
  readonly holds: readonly Hold[];
  /** The job of the latest rows; `before`: what this tab had done when it came. */
  readonly job?: { readonly id: string; readonly name: string; readonly before: Done };
  /** That job is over. */
  readonly jobEnded: boolean;
  /** The coordinator was stopped, and may come back. */
  readonly stopped: boolean;
  readonly device?: string;
  readonly rowsPerSecond: number;
  /** The latest rates, the newest last. */
  readonly rates: readonly number[];
  /** Of this agent, and of those before it in this tab. */
  readonly rows: number;
  readonly blocks: number;
  /** Of the rows, those of blocks that are not finished. */
  readonly underWay: number;
  readonly earlier: Done;
  /** Blocks of each segment of the job that came, as far as they are known. */
  readonly expected: Readonly<Record<number, number | undefined>>;
  /** The latest sentence of the agent, while it is news: `age` counts reports of progress since. */
  readonly notice?: { readonly message: string; readonly age: number; readonly failed?: true };
}

const keptRates = 60;
const oldNotice = 30;

export function newWork(earlier: Done, holds: readonly Hold[] = [], job?: Work["job"]): Work {
  return { activity: { kind: "starting" }, holds, jobEnded: false, stopped: false, rowsPerSecond: 0, rates: [], rows: 0, blocks: 0, underWay: 0, earlier, expected: {}, ...(job !== undefined && { job }) };
}

/** All that the tab has done. */
export function done({ rows, blocks, earlier }: Work): Done {
  return { rows: rows + earlier.rows, blocks: blocks + earlier.blocks };
}

/** What of it stays when its agent is gone: another worker begins anew what was under way. */
export function finished(work: Work): Done {
  const { rows, blocks } = done(work);
  return { rows: rows - work.underWay, blocks };
}

/** What the tab has done of the job that it is at. */
export function doneOfJob(work: Work): Done {
  const { rows, blocks } = done(work);
  const before = work.job?.before ?? { rows: 0, blocks: 0 };
  return { rows: rows - before.rows, blocks: blocks - before.blocks };
}

/** The part of the job's blocks, 0–1, that this tab has done; undefined where nobody knows how many there will be. */
export function shareOfBlocks(work: Work): number | undefined {
  const counts = Object.values(work.expected);
  if (counts.length === 0 || counts.some((count) => count === undefined)) return undefined;
  const total = counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  return total === 0 ? undefined : Math.min(1, doneOfJob(work).blocks / total);
}

/** The work after a report of the agent. `ended` changes nothing here: what comes of it depends on who wanted it. */
export function afterReport(work: Work, report: AgentReport, now: number): Work {
  switch (report.kind) {
    case "connecting": return { ...work, activity: { kind: "connecting" } };
    case "connected": return { ...work, stopped: false, activity: { kind: "waiting" } };
    case "disconnected": return { ...idle(work), stopped: work.stopped || report.error.code === "coordinator-closed", activity: { kind: "reconnecting", why: report.error.message, ...(report.retryMs !== undefined && { at: now + report.retryMs }) } };
    case "job": return job(work, report.segment);
    case "loading": return loading(work, report);
    case "job-ended": return work.job?.id === report.job ? { ...work, jobEnded: true } : work;
    case "computing": return { ...work, activity: { kind: "computing" }, ...(report.device !== "" && { device: report.device }) };
    case "progress": return progress(work, report);
    case "notice": return { ...work, notice: { message: plain(report.message, report.failure), age: 0 } };
    case "download": return downloading(work, report);
    case "failed": return { ...work, notice: { message: isAway(report.error.code) ? "The coordinator does not answer at the moment. What could not be loaded is asked for again." : plain(report.error.message, report.error.failure), age: 0, failed: true } };
    // Nothing is under way any more: another was faster with what was.
    case "idle": return { ...quiet(idle(work)), rows: work.rows - work.underWay, underWay: 0, activity: { kind: "waiting" } };
    case "paused": return idle(work);
    case "draining": return { ...work, activity: { kind: "draining" } };
    case "resumed": case "ended": return work;
  }
}

/** The work after the agent's worker crashed: its counts are kept, the next agent counts from 0. */
export function afterCrash(work: Work, why: string, at: number): Work {
  return { ...renewed(work), activity: { kind: "restarting", why, at } };
}

/** The work while the agent's program can't be had: the coordinator is away. */
export function afterNotLoaded(work: Work, at: number): Work {
  return { ...renewed(work), activity: { kind: "reconnecting", why: "the program of this tab could not be loaded", at } };
}

/** The work for another agent of this tab. */
export function renewed(work: Work): Work {
  return { ...idle(work), activity: { kind: "starting" }, earlier: finished(work), rows: 0, blocks: 0, underWay: 0 };
}

function idle(work: Work): Work {
  return { ...work, rowsPerSecond: 0 };
}

function progress(work: Work, { rows, underWay = 0, blocks, rowsPerSecond }: Extract<AgentReport, { kind: "progress" }>): Work {
  const { notice, ...rest } = work;
  // A last one may come when there is nothing more to do; it may have less, of what another was faster with.
  if (work.activity.kind === "waiting" && rows <= work.rows && blocks <= work.blocks) return { ...work, rows, blocks, underWay };
  return {
    ...rest, rows, blocks, underWay, rowsPerSecond,
    rates: [...work.rates, rowsPerSecond].slice(-keptRates),
    // After a lost connection nobody says anew that it computes.
    ...(work.activity.kind === "waiting" && { activity: { kind: "computing" } }),
    ...(notice !== undefined && notice.age < oldNotice && { notice: { ...notice, age: notice.age + 1 } }),
  };
}

/** A page that may keep nothing, as one without https, leaves fetching to its actors: what is there is then known from what they say of files, and the agent says 0. */
function loading(work: Work, { name, doneBytes, bytes }: Extract<AgentReport, { kind: "loading" }>): Work {
  const known = work.activity.kind === "loading" && work.activity.name === name ? work.activity : { doneBytes: 0, bytes: 0 };
  return { ...work, activity: { kind: "loading", name, doneBytes: Math.max(known.doneBytes, doneBytes), bytes: Math.max(known.bytes, bytes) } };
}

/** Files are told of one by one, with how much of a large one is there. */
function downloading(work: Work, { doneBytes, bytes }: Extract<AgentReport, { kind: "download" }>): Work {
  const { activity } = work;
  if (activity.kind !== "loading" || bytes === undefined) return work;
  return { ...work, activity: { ...activity, doneBytes: Math.max(activity.doneBytes, doneBytes), bytes: Math.max(activity.bytes, bytes) } };
}

/** Of what failed, waiting is no end. */
function quiet(work: Work): Work {
  if (work.notice?.failed === true) return work;
  const { notice: _notice, ...rest } = work;
  return rest;
}

/** Files of the model, and code, come from the coordinator. */
function isAway(code: string): boolean {
  return code === "unreachable" || code === "download-failed" || code === "connection-lost";
}

/** What happens to graphics cards, in words of the owner of one. */
function plain(message: string, failure?: FailureClass): string {
  if (failure === "device-lost") return "The browser took the graphics card away for a moment. It is asked for again, and no row is lost.";
  if (failure === "oom") return "This device ran out of memory. It goes on with less at a time.";
  // Which actor said it is nothing to its owner.
  return message.replace(/^\S+#\d+: /, "");
}

function job(work: Work, { job: id, segment, jobName: name, description }: Extract<AgentReport, { kind: "job" }>["segment"]): Work {
  const known = work.job?.id === id ? work.job : undefined;
  return {
    ...work,
    job: known ?? { id, name, before: done(work) },
    jobEnded: false,
    expected: { ...(known !== undefined && work.expected), [segment]: description.expectedBlocks },
  };
}
