import type { ErrorData } from "@shoal/core";
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
  /** The job of the latest rows; `before`: blocks that this tab had done when it came. */
  readonly job?: { readonly id: string; readonly name: string; readonly before: number };
  readonly device?: string;
  readonly rowsPerSecond: number;
  /** The latest rates, the newest last. */
  readonly rates: readonly number[];
  /** Of this agent, and of those before it in this tab. */
  readonly rows: number;
  readonly blocks: number;
  readonly earlier: Done;
  /** Blocks of each segment of the job that came, as far as they are known. */
  readonly expected: Readonly<Record<number, number | undefined>>;
  /** The latest sentence of the agent. */
  readonly notice?: string;
}

const keptRates = 60;

export function newWork(earlier: Done, holds: readonly Hold[] = [], job?: Work["job"]): Work {
  return { activity: { kind: "starting" }, holds, rowsPerSecond: 0, rates: [], rows: 0, blocks: 0, earlier, expected: {}, ...(job !== undefined && { job }) };
}

/** All that the tab has done. */
export function done({ rows, blocks, earlier }: Work): Done {
  return { rows: rows + earlier.rows, blocks: blocks + earlier.blocks };
}

/** The part of the job, 0–1, that this tab has done; undefined where nobody knows how long the job is. */
export function shareOfJob(work: Work): number | undefined {
  const counts = Object.values(work.expected);
  if (counts.length === 0 || counts.some((count) => count === undefined)) return undefined;
  const total = counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  return total === 0 ? undefined : Math.min(1, (done(work).blocks - (work.job?.before ?? 0)) / total);
}

/** The work after a report of the agent. `ended` changes nothing here: what comes of it depends on who wanted it. */
export function afterReport(work: Work, report: AgentReport, now: number): Work {
  switch (report.kind) {
    case "connecting": return { ...work, activity: { kind: "connecting" } };
    case "connected": return { ...work, activity: { kind: "waiting" } };
    case "disconnected": return { ...idle(work), activity: { kind: "reconnecting", why: report.error.message, ...(report.retryMs !== undefined && { at: now + report.retryMs }) } };
    case "job": return job(work, report.segment);
    case "loading": return { ...work, activity: { kind: "loading", name: report.name, doneBytes: report.doneBytes, bytes: report.bytes } };
    case "computing": return { ...work, activity: { kind: "computing" }, device: report.device };
    case "progress": return { ...work, rows: report.rows, blocks: report.blocks, rowsPerSecond: report.rowsPerSecond, rates: [...work.rates, report.rowsPerSecond].slice(-keptRates) };
    case "notice": return { ...work, notice: report.message };
    case "idle": return { ...idle(work), activity: { kind: "waiting" } };
    case "paused": return idle(work);
    case "draining": return { ...work, activity: { kind: "draining" } };
    case "resumed": case "ended": return work;
  }
}

/** The work after the agent's worker crashed: its counts are kept, the next agent counts from 0. */
export function afterCrash(work: Work, why: string, at: number): Work {
  return { ...renewed(work), activity: { kind: "restarting", why, at } };
}

/** The work for another agent of this tab. */
export function renewed(work: Work): Work {
  return { ...idle(work), activity: { kind: "starting" }, earlier: done(work), rows: 0, blocks: 0 };
}

function idle(work: Work): Work {
  return { ...work, rowsPerSecond: 0 };
}

function job(work: Work, { job: id, segment, jobName: name, description }: Extract<AgentReport, { kind: "job" }>["segment"]): Work {
  const known = work.job?.id === id ? work.job : undefined;
  return {
    ...work,
    job: known ?? { id, name, before: done(work).blocks },
    expected: { ...(known !== undefined && work.expected), [segment]: description.expectedBlocks },
  };
}
