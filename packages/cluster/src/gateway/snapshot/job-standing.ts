import { isAble } from "../../scheduler/classes.ts";
import { isStandIn } from "../../scheduler/stand-ins.ts";
import type { SchedulerState, Segment, Worker } from "../../scheduler/state.ts";
import type { JobStanding } from "./bottleneck.ts";
import type { GatewayJob } from "../jobs/gateway-job.ts";
import type { GatewayState } from "../gateway-state.ts";
import { whyNobody } from "../jobs/placement.ts";

/** Workers at one segment. */
export interface SegmentFleet {
  /** That can do it, or are at it. */
  readonly workers: number;
  readonly busy: number;
  readonly loading: number;
  /** That can do it, and do blocks of other jobs first; of these, those whose jobs go before this one. */
  readonly atOtherJobs: number;
  readonly outranked: number;
  /** Why nobody can. */
  readonly notice?: string;
}

/** What holds for all jobs. */
export type Around = Pick<JobStanding, "trouble" | "mayJoin">;

/** How workers stand, by segment: counted once for all jobs. */
export function fleetOf(state: GatewayState): (segment: Segment | undefined) => SegmentFleet {
  const busy = new Map<Segment, number>();
  const loading = new Map<Segment, number>();
  // They finish what they have, and are counted among the able no more.
  const leaving = new Map<Segment, number>();
  const present: Worker[] = [];
  for (const worker of state.loop.state.connections.values()) {
    present.push(worker);
    const segment = atWorkOn(worker);
    if (segment === undefined) continue;
    busy.set(segment, (busy.get(segment) ?? 0) + 1);
    if (!state.loop.state.live.has(worker)) leaving.set(segment, (leaving.get(segment) ?? 0) + 1);
    if (state.workers.get(worker.name)?.heard.state === "loading") loading.set(segment, (loading.get(segment) ?? 0) + 1);
  }
  return (segment) => {
    if (segment === undefined) return { workers: 0, busy: 0, loading: 0, atOtherJobs: 0, outranked: 0 };
    const why = segment.able > 0 ? undefined : whyNobody(segment.spec.needs, present.map(({ joined }) => joined));
    const isShared = [...busy.keys()].some(({ job }) => job !== segment.job);
    return {
      workers: segment.able + (leaving.get(segment) ?? 0), busy: busy.get(segment) ?? 0, loading: loading.get(segment) ?? 0,
      ...(isShared ? atOtherJobs(state.loop.state, segment) : { atOtherJobs: 0, outranked: 0 }), ...(why === undefined ? {} : { notice: why }),
    };
  };
}

/** Of what it has, it computes the first: what was leased after that waits. */
function atWorkOn({ attempts }: Worker): Segment | undefined {
  const [first] = attempts.values();
  return first?.task.of.segment;
}

function atOtherJobs({ live }: SchedulerState, { job, spec: { needs } }: Segment): Pick<SegmentFleet, "atOtherJobs" | "outranked"> {
  let [workers, outranked] = [0, 0];
  for (const worker of live) {
    const other = atWorkOn(worker)?.job;
    // One that stands for many has some for every job.
    if (other === undefined || other === job || isStandIn(worker) || !isAble(worker, needs)) continue;
    workers++;
    if (other.spec.priority > job.spec.priority) outranked++;
  }
  return { atOtherJobs: workers, outranked };
}

export function standingOf(state: GatewayState, job: GatewayJob, { trouble, mayJoin }: Around, fleet: (segment: Segment | undefined) => SegmentFleet): JobStanding {
  const segments = state.loop.state.jobs.get(job.name)?.segments ?? [];
  const fleets = segments.map(fleet);
  const sum = (of: (segment: Segment) => number): number => segments.reduce((total, segment) => total + of(segment), 0);
  const blocked = segments.findIndex((segment, at) => segment.able === 0 && segment.open.size > 0 && fleets[at]?.notice !== undefined);
  const nobody = blocked < 0 ? undefined : { name: job.description.segments[blocked]?.name ?? "", why: fleets[blocked]?.notice ?? "" };
  const leased = sum(({ open }) => [...open.values()].filter(({ parts }) => parts.some(({ attempts }) => attempts.length > 0)).length);
  return {
    state: job.pausedBy.size > 0 && job.state === "running" ? "paused" : job.state,
    trouble, mayJoin, nobody, leased,
    hasDriver: job.driver !== undefined,
    missingFiles: job.missingFiles.size,
    isHeldUp: job.driver?.deliveries.isHeldUp === true,
    workers: state.loop.state.connections.size,
    able: Math.max(0, ...segments.map(({ able }) => able)),
    busy: fleets.reduce((total, { busy }) => total + busy, 0),
    loading: fleets.reduce((total, { loading }) => total + loading, 0),
    atOtherJobs: Math.max(0, ...fleets.map(({ atOtherJobs }) => atOtherJobs)),
    outranked: Math.max(0, ...fleets.map(({ outranked }) => outranked)),
    ready: sum(({ readyTasks }) => readyTasks),
    hasEnded: segments.length > 0 && segments.every(({ total }) => total !== undefined),
    last: leased === 1 ? lastOf(state, segments) : undefined,
  };
}

function lastOf(state: GatewayState, segments: readonly Segment[]): { readonly worker: string; readonly seconds: number } | undefined {
  for (const { open } of segments) for (const { parts } of open.values()) for (const { attempts: [attempt] } of parts) {
    if (attempt !== undefined) return { worker: state.workers.get(attempt.worker.name)?.traits.label ?? attempt.worker.name, seconds: Math.max(0, Math.round((state.clock.now() - attempt.leasedAt) / 1000)) };
  }
  return undefined;
}
