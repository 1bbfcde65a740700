import { shareOfBlocks, type Work } from "../agent/work.ts";
import type { VolunteerState } from "../volunteer-state.ts";

/** How large the tab's part is, 0–1: of the whole job where its length is known, otherwise of what everybody has done so far. */
export interface Share {
  readonly of: "job" | "done";
  readonly part: number;
}

export function shareOfJob(work: Work, { offer, doneAtOffer }: VolunteerState): Share | undefined {
  const job = offer?.jobs.find(({ name }) => name === work.job?.name);
  const rows = doneAtOffer?.rows ?? 0;
  // Through several segments a row goes several times.
  const counts = job?.segments?.length === 1 && rows > 0;
  if (counts && job.rowsTotal !== undefined && job.rowsTotal > 0) return { of: "job", part: Math.min(1, rows / job.rowsTotal) };
  const ofBlocks = shareOfBlocks(work);
  if (ofBlocks !== undefined) return { of: "job", part: ofBlocks };
  return counts && job.rowsDone !== undefined && job.rowsDone > 0 ? { of: "done", part: Math.min(1, rows / job.rowsDone) } : undefined;
}
