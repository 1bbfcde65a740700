import type { Segment } from "../../scheduler/state.ts";
import { blockMap, countBlocks } from "./block-map.ts";
import { bottleneck, isSetAside } from "./bottleneck.ts";
import type { GatewayJob } from "../jobs/gateway-job.ts";
import type { GatewayState } from "../gateway-state.ts";
import type { Elsewhere } from "../elsewhere/elsewhere.ts";
import { helpSnapshots, standInSnapshots } from "./elsewhere-snapshots.ts";
import { fleetOf, standingOf, type Around, type SegmentFleet } from "./job-standing.ts";
import { downloadBytes } from "../jobs/model-files.ts";
import type { JobSnapshot, SegmentSnapshot, Snapshot, WorkerSnapshot } from "./snapshot.ts";
import type { WorkerRecord } from "../workers/worker-record.ts";

/** Workers that are gone and shown. */
const mostGone = 20;

/** Everything that a dashboard shows. @param mayJoin a link is there by which others could help */
export function takeSnapshot(state: GatewayState, trouble: string | undefined, elsewhere: Elsewhere, mayJoin: boolean): Snapshot {
  const fleet = fleetOf(state);
  const helps = helpSnapshots(state);
  return {
    at: state.date(), name: state.name,
    jobs: [...state.jobs.values()].filter(({ guest }) => guest === undefined).map((job) => jobSnapshot(state, job, { trouble, mayJoin }, fleet)),
    workers: [...shownWorkers(state).map((worker) => workerSnapshot(state, worker)), ...standInSnapshots(state, elsewhere)],
    ...(helps.length === 0 ? {} : { helps }),
    ...(trouble === undefined ? {} : { paused: trouble }),
    refused: state.refusals.byCode(),
  };
}

/** Those that are here, and the last that left. */
function shownWorkers({ workers }: GatewayState): readonly WorkerRecord[] {
  const all = [...workers.values()];
  const gone = new Set(all.filter(({ link }) => link === undefined).slice(0, -mostGone));
  return all.filter((worker) => !gone.has(worker));
}

function jobSnapshot(state: GatewayState, job: GatewayJob, around: Around, fleet: (segment: Segment | undefined) => SegmentFleet): JobSnapshot {
  const { description, startedAt, endedAt, error, samples, failures } = job;
  const last = job.segments.at(-1);
  const standing = standingOf(state, job, around, fleet);
  const rowsDone = last?.rowsDone ?? 0;
  const { rowsTotal, isEstimate } = totalOf(state, job, job.segments.length - 1);
  const rowsPerSecond = job.isOver || nobodyWorks(state) ? 0 : (last?.rate.perSecond(state.clock.now()) ?? 0);
  const etaMs = rowsTotal === undefined || rowsPerSecond === 0 || isSetAside(standing) ? undefined : Math.round((Math.max(0, rowsTotal - rowsDone) / rowsPerSecond) * 1000);
  return {
    job: job.name, name: description.name, state: standing.state === "opening" ? "running" : standing.state,
    startedAt, volunteers: description.volunteers, about: description.about, downloadBytes: downloadBytes(description), rowsDone, rowsPerSecond,
    ...(job.rowsBefore === 0 ? {} : { rowsBefore: job.rowsBefore }),
    ...(error === undefined ? {} : { error }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(rowsTotal === undefined ? {} : { rowsTotal }),
    ...(isEstimate === undefined ? {} : { isEstimate }),
    ...(etaMs === undefined ? {} : { etaMs }),
    failedRows: job.segments.reduce((sum, { failedRows }) => sum + failedRows, 0),
    segments: job.segments.map((_, at) => segmentSnapshot(state, job, at)),
    bottleneck: bottleneck(standing),
    samples, failures: [...failures],
  };
}

/** Of a segment: the rows of its blocks once all are there, and until then what the driver reckons. */
function totalOf(state: GatewayState, job: GatewayJob, at: number): Pick<SegmentSnapshot, "rowsTotal" | "isEstimate"> {
  const counted = job.segments[at];
  const segment = state.loop.state.jobs.get(job.name)?.segments[at];
  if (counted === undefined) return {};
  if (segment === undefined && job.state === "done") return { rowsTotal: counted.rowsDone };
  let rows = counted.rowsDone;
  for (const { parts } of segment?.open.values() ?? []) for (const part of parts) rows += part.rows;
  const blocks = segment === undefined ? 0 : segment.committed.size + segment.open.size;
  if (counted.total !== undefined && blocks >= counted.total) return { rowsTotal: rows };
  const { expected } = counted;
  if (expected === undefined) return {};
  return expected.isEstimate || rows > expected.rows ? { rowsTotal: Math.max(rows, expected.rows), isEstimate: true } : { rowsTotal: expected.rows };
}

function segmentSnapshot(state: GatewayState, job: GatewayJob, at: number): SegmentSnapshot {
  const counted = job.segments[at];
  const segment = state.loop.state.jobs.get(job.name)?.segments[at];
  const total = counted?.total;
  const about = { segment: at, name: job.description.segments[at]?.name ?? "", rowsDone: counted?.rowsDone ?? 0, ...totalOf(state, job, at) };
  if (segment === undefined || counted === undefined) {
    // Over: the scheduler has forgotten it.
    const done = job.state === "done" ? (total ?? 0) : 0;
    return { ...about, blocks: { ready: 0, leased: 0, committing: 0, done, troubled: 0, ...(total === undefined ? {} : { total }) }, map: done === 0 ? [] : [["d", done]] };
  }
  const { needs, expectedBlocks } = segment.spec;
  return { ...about, devices: needs.devices, ...(expectedBlocks === undefined ? {} : { expectedBlocks }), blocks: { ...countBlocks(segment), ...(total === undefined ? {} : { total }) }, map: blockMap(segment, counted) };
}

function workerSnapshot(state: GatewayState, worker: WorkerRecord): WorkerSnapshot {
  const { name, traits, heard, joinedAt, rowsDone, blocksDone, failures, lastFailure, link } = worker;
  const { label, host, runtime, devices } = traits;
  const notice = noticeOf(state, worker);
  return {
    worker: name, label, host, runtime, devices, state: stateOf(state, worker), joinedAt, rowsDone, blocksDone, failures, ...(lastFailure !== undefined && { lastFailure }),
    rowsPerSecond: link === undefined || heard.state === "paused" ? 0 : worker.rate.perSecond(state.clock.now()),
    ...(heard.device === undefined ? {} : { device: heard.device }),
    ...(notice === undefined ? {} : { notice }),
    ...(heard.loading === undefined || link === undefined ? {} : { loading: heard.loading }),
  };
}

/** All are paused or gone. What they did in the last seconds is no rate that anything goes on at. */
function nobodyWorks({ workers, loop }: GatewayState): boolean {
  return loop.state.standIns.size === 0 && [...workers.values()].every(({ link, heard }) => link === undefined || heard.state === "paused");
}

function stateOf(state: GatewayState, { link, draining, heard }: WorkerRecord): WorkerSnapshot["state"] {
  if (link === undefined) return "gone";
  if (draining) return "draining";
  const scheduled = state.loop.state.connections.get(link.connection);
  if (scheduled?.status === "silent") return "silent";
  return heard.state;
}

function noticeOf(state: GatewayState, { name, shutOutUntil, heard }: WorkerRecord): string | undefined {
  const now = state.clock.now();
  if (shutOutUntil > now) return `shut out for ${Math.ceil((shutOutUntil - now) / 1000)} s: too many of its results were refused`;
  for (const job of state.loop.state.jobs.values()) {
    const until = job.strikes.get(name)?.excludedUntil ?? 0;
    if (until > now) return `gets nothing of ${state.jobs.get(job.spec.job)?.description.name ?? job.spec.job} for ${Math.ceil((until - now) / 1000)} s: it failed there too often`;
  }
  return heard.notice;
}
