import { mostTasks } from "./lease-size.ts";
import { wantedByStandIns } from "./stand-ins.ts";
import { meanMsPerRow } from "./rates.ts";
import { emit, type SchedulerState, type Segment } from "./state.ts";

/** Leases a worker's share of open blocks is counted in: one computed, one fetched, one waiting for it. */
const leasesAhead = 3;
/** A driver is asked again when so much of what it may have open is missing, not for each block. */
const partMissing = 1 / 8;
/** Or so many bytes: with the next block a driver says which results it has, and what is kept for long costs more to collect (measured: test/bench/README.md, "bytes"). */
const bytesMissing = 4 * 2 ** 20;
/** Asked for before it is known how large blocks are: they all lie in memory until they are done. */
const firstBlocks = 8;
/** Of blocks that are done already, and cost nothing, so many are asked for at once. */
const doneBlocks = 256;

/**
 * Asks the driver for as many blocks as keep the workers busy and no more: what is open lies in somebody's memory. The fleet's measured
 * rate says how many; before any is measured a few for each worker.
 */
export function askForBlocks(state: SchedulerState, segment: Segment): void {
  if (segment.total !== undefined || segment.job.spec.borrowed === true) return;
  const target = openBlocksWanted(state, segment);
  const missing = target - segment.openOffered - segment.asked;
  if (missing < Math.max(1, Math.min(target * partMissing, bytesMissing / bytesPerBlock(state, segment)))) return;
  segment.asked += missing;
  emit(state, { kind: "ask-for-blocks", job: segment.job.spec.job, segment: segment.index, blocks: missing });
}

function openBlocksWanted(state: SchedulerState, segment: Segment): number {
  const { settings } = state;
  const rows = segment.offered === 0 ? 1 : Math.max(1, segment.offeredRows / segment.offered);
  const bytes = bytesPerBlock(state, segment);
  const mostLeased = leasesAhead * mostTasks(settings, rows * (meanMsPerRow(segment) ?? Infinity)) * segment.able;
  const forRate = Math.min(mostLeased, (leasesAhead * Math.max(settings.workMs.machine, settings.workMs.tab) * segment.totalRate) / rows);
  const done = Math.min(doneBlocks, segment.committed.size - segment.offered);
  const wanted = Math.max(2, 3 * segment.able, Math.ceil(forRate), done) + (state.standIns.size === 0 ? 0 : wantedByStandIns(state, segment));
  const fit = bytes > 0 ? Math.max(1, Math.floor(settings.maxOpenBytes / bytes)) : Infinity;
  return Math.min(wanted, settings.maxOpenBlocks, fit);
}

/** On average, or as large as they may be where none has come: then so few are open that any that is missing is asked for. */
function bytesPerBlock({ settings }: SchedulerState, { offered, offeredBytes }: Segment): number {
  return offered === 0 ? settings.maxOpenBytes / firstBlocks : offeredBytes / offered;
}
