import { doneOfJob, shareOfBlocks, type Work } from "../agent/work.ts";
import type { VolunteerState } from "../volunteer-state.ts";

/** How large the tab's part is, 0–1: of the whole job where its length is known, otherwise of what everybody had done when the coordinator last said it. */
export interface Share {
  readonly of: "job" | "done";
  readonly part: number;
  /** Nobody has counted how long the job is. */
  readonly isEstimate?: true;
}

export function shareOfJob(work: Work, { told }: VolunteerState): Share | undefined {
  // Through several segments a row goes several times.
  const job = told?.job.name === work.job?.name && told?.job.segments?.length === 1 ? told.job : undefined;
  if (job?.rowsTotal !== undefined && job.rowsTotal > 0) return { of: "job", part: Math.min(1, doneOfJob(work).rows / job.rowsTotal), ...(job.isEstimate === true && { isEstimate: true }) };
  const ofBlocks = shareOfBlocks(work);
  if (ofBlocks !== undefined) return { of: "job", part: ofBlocks };
  return told !== undefined && job?.rowsDone !== undefined && job.rowsDone > 0 && told.ownRows > 0 ? { of: "done", part: Math.min(1, told.ownRows / job.rowsDone) } : undefined;
}
