import type { Elsewhere } from "../elsewhere/elsewhere.ts";
import type { GatewayJob } from "../jobs/gateway-job.ts";
import type { GatewayState } from "../gateway-state.ts";
import type { StandIn } from "../elsewhere/home/stand-in.ts";
import { countBlocks } from "./block-map.ts";
import type { HelpSnapshot, WorkerSnapshot } from "./snapshot.ts";

/** Jobs that other gateways lead and that this one helps with. */
export function helpSnapshots(state: GatewayState): readonly HelpSnapshot[] {
  return [...state.jobs.values()].flatMap((job) => (job.guest === undefined ? [] : [helpSnapshot(state, job)]));
}

function helpSnapshot({ loop, clock }: GatewayState, job: GatewayJob): HelpSnapshot {
  const { home, by } = job.guest ?? { home: undefined, by: "" };
  const counts = (loop.state.jobs.get(job.name)?.segments ?? []).map(countBlocks);
  const sum = (of: (one: (typeof counts)[number]) => number): number => counts.reduce((total, one) => total + of(one), 0);
  return {
    job: job.name, name: job.description.name, ...(by === "" ? {} : { by }), ...(home === undefined ? {} : { home }),
    rowsDone: job.segments.reduce((total, { rowsDone }) => total + rowsDone, 0),
    rowsPerSecond: job.segments.reduce((total, { rate }) => total + rate.perSecond(clock.now()), 0),
    blocks: { waiting: sum(({ ready, troubled }) => ready + troubled), leased: sum(({ leased, committing }) => leased + committing) },
  };
}

/** Workers of other gateways, as far as they have blocks of this one. */
export function standInSnapshots({ clock, loop, settings }: GatewayState, { lending }: Elsewhere): readonly WorkerSnapshot[] {
  return [...lending.standIns].map((standIn) => standInSnapshot(standIn, clock.now(), settings.unclaimedMs, loop.state.connections.get(standIn.joined.connection)?.attempts.size ?? 0));
}

function standInSnapshot({ joined, device, since, rowsDone, blocksDone, failures, rate, wants, lent, untakenSince }: StandIn, now: number, patienceMs: number, leased: number): WorkerSnapshot {
  const gateways = wants.size === 0 ? "" : `${wants.size === 1 ? "one has" : `${wants.size} have`} free workers; `;
  const taken = [...lent.values()].filter(({ heardAt }) => heardAt !== undefined).length;
  const untakenMs = now - (untakenSince ?? now);
  const howTaken = leased > 0 && untakenMs > patienceMs ? `, nobody has taken any for ${Math.round(untakenMs / 1000)} s` : taken > 0 && taken < leased ? `, ${taken} of them taken` : "";
  return {
    worker: joined.worker, label: `other gateways (${device}${joined.volunteer === true ? ", volunteers" : ""})`, host: "machine", runtime: "gateway", devices: [device], device,
    state: leased > 0 ? "computing" : "waiting", joinedAt: since, rowsDone, blocksDone, failures, rowsPerSecond: rate.perSecond(now), notice: `${gateways}${leased === 1 ? "1 block is" : `${leased} blocks are`} lent${howTaken}`,
  };
}
