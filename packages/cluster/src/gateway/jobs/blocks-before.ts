import type { BlocksBefore } from "../../connection/messages.ts";
import { mostRunsBefore } from "../../connection/schemas/drivers.ts";
import type { CommittedSet } from "../../scheduler/committed-set.ts";
import type { GatewayState } from "../gateway-state.ts";
import type { GatewayJob } from "./gateway-job.ts";

/** What is done of a job that is brought now; undefined where that is nothing. */
export function blocksBefore({ loop }: GatewayState, job: GatewayJob): readonly BlocksBefore[] | undefined {
  const segments = loop.state.jobs.get(job.name)?.segments ?? [];
  if (segments.every(({ committed }) => committed.size === 0)) return undefined;
  const most = Math.floor(mostRunsBefore / segments.length);
  return segments.map(({ committed, index }) => ({ rows: job.segments[index]?.rowsDone ?? 0, runs: runsOf(committed).slice(0, most) }));
}

function runsOf({ below, early }: CommittedSet): [first: number, blocks: number][] {
  const runs: [number, number][] = below > 0 ? [[0, below]] : [];
  for (const block of [...early].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last[0] + last[1] === block) last[1]++;
    else runs.push([block, 1]);
  }
  return runs;
}
