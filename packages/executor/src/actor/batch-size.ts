/**
 * How large a batch may be, in rows or in cost units, and what was learned about it. Data: every observation gives a new state.
 * It climbs by doubling while work per millisecond rises, steps back when it falls or memory runs out, and settles; a larger size is
 * tried again now and then, for what it settled on may have been chance.
 */
export interface BatchSize {
  readonly size: number;
  /** A size that ran out of memory: never reached again. */
  readonly ceiling: number;
  readonly phase: "climbing" | "settled" | "fixed";
  /** The fastest size so far: work per millisecond. */
  readonly best?: { readonly size: number; readonly rate: number };
  /** Rates seen at the present size, newest last. */
  readonly rates: readonly number[];
  /** Batches since it settled, and after how many a larger size is tried again. */
  readonly settledFor: number;
  readonly probeAfter: number;
}

export interface BatchObservation {
  /** What the batch took of the size: rows, or rows × the dearest row's cost. */
  readonly filled: number;
  /** Work done: rows, or the sum of the rows' costs. */
  readonly work: number;
  readonly ms: number;
}

const batchesPerSize = 3;
const risesBy = 1.05;
const settledWindow = 8;
const fallsTo = 0.6;
/** Shorter batches can't be compared: clocks are coarse, and what surrounds the call weighs more than the call. */
const measurableMs = 1;
const firstProbeAfter = 48;
const unprobed = { rates: [], settledFor: 0, probeAfter: firstProbeAfter };

export function climbingBatchSize(first: number, max: number): BatchSize {
  return { size: Math.min(first, max), ceiling: max < Infinity ? max + 1 : Infinity, phase: "climbing", ...unprobed };
}

export function fixedBatchSize(size: number): BatchSize {
  return { size, ceiling: Infinity, phase: "fixed", ...unprobed };
}

export function afterBatch(state: BatchSize, { filled, work, ms }: BatchObservation): BatchSize {
  // A batch cut short, by its block's end or to spare padding, says little about the size.
  if (state.phase === "fixed" || filled < 0.5 * state.size) return state;
  if (state.phase === "climbing" && ms < measurableMs) return enlarged(state, 0);
  const rate = work / Math.max(ms, 0.001);
  return state.phase === "climbing" ? climb(state, rate) : watch(state, rate);
}

function climb(state: BatchSize, rate: number): BatchSize {
  const rates = [...state.rates, rate];
  if (rates.length < batchesPerSize) return { ...state, rates };
  // The best of a few: other work on the machine only ever slows a batch down.
  const reached = Math.max(...rates);
  if (state.best === undefined || reached >= state.best.rate * risesBy) return enlarged(state, reached);
  return { ...state, size: state.best.size, phase: "settled", rates: [], settledFor: 0 };
}

/** The next larger size, or the largest there may be. */
function enlarged(state: BatchSize, rate: number): BatchSize {
  const best = { size: state.size, rate };
  const doubled = 2 * state.size;
  if (doubled < state.ceiling) return { ...state, size: doubled, best, rates: [] };
  const size = Math.max(state.size, Math.min(doubled, state.ceiling - 1));
  return { ...state, size, phase: "settled", best: { size, rate }, rates: [], settledFor: 0 };
}

/** Climbs anew from half the size when the one it settled on becomes far slower; now and then, ever more rarely, tries a larger one again. */
function watch(state: BatchSize, rate: number): BatchSize {
  const rates = [...state.rates, rate].slice(-settledWindow);
  const recent = Math.max(...rates);
  const { best = { size: state.size, rate: 0 }, ...rest } = state;
  if (rates.length === settledWindow && recent < fallsTo * best.rate) {
    // Half of it may be slower still, where other programs are what slows it down: to stay there would be to end at one row.
    return { ...rest, size: Math.max(1, Math.floor(state.size / 2)), phase: "climbing", rates: [], settledFor: 0 };
  }
  const settledFor = state.settledFor + 1;
  if (settledFor < state.probeAfter || 2 * state.size >= state.ceiling) return { ...state, rates, settledFor };
  // What was luck, or another program's load, is measured anew.
  return { ...state, size: 2 * state.size, phase: "climbing", best: { size: state.size, rate: recent }, rates: [], settledFor: 0, probeAfter: 4 * state.probeAfter };
}

/** @param failed what the batch that ran out of memory had taken of the size. */
export function afterOutOfMemory(state: BatchSize, failed: number): BatchSize {
  const ceiling = Math.min(state.ceiling, failed);
  const size = Math.max(1, Math.min(state.size, Math.floor(failed / 2)));
  return { ...state, size, ceiling, phase: state.phase === "fixed" ? "fixed" : "settled", best: { size, rate: 0 }, rates: [], settledFor: 0 };
}
