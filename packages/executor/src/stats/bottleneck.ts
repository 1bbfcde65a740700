import { formatDuration } from "./format-quantity.ts";
import type { StageStats } from "./run-stats.ts";

const busy = 0.7;
/** Of a run this short and small the start is most, whatever stage it fell into. */
const short = { wallMs: 2000, rows: 1000 };

/** What held the run up, and what to change: one sentence. @param mayJoin more workers may come, where there are any */
export function nameBottleneck(stages: readonly StageStats[], wallMs: number, consumerMs: number, mayJoin = true): string {
  if (wallMs <= 0 || stages.length === 0) return "Nothing ran.";
  const pools = stages.filter((stage) => stage.pool !== undefined);
  const hardest = pools.toSorted((a, b) => (b.pool?.utilisation ?? 0) - (a.pool?.utilisation ?? 0))[0];
  const latest = pools.toSorted((a, b) => (b.pool?.startMs ?? 0) - (a.pool?.startMs ?? 0))[0]?.pool;
  const startMs = latest?.startMs ?? 0;
  // Before all else: whatever waits for rows, an actor that starts later too, looks slow as well.
  const source = slowestOf(stages.filter((stage) => stage.kind === "scan"));
  const few = Math.max(...stages.map((stage) => stage.rowsIn)) < short.rows;
  if (source !== undefined && source.busyMs > 0.5 * wallMs && !(few && wallMs < short.wallMs) && (source.busyMs >= startMs || !few)) return readingBound(source, wallMs);
  if (startMs > 0.5 * wallMs && latest?.workers !== undefined && mayJoin) return `Most of the time went into waiting for a worker (${formatDuration(startMs)} of ${formatDuration(wallMs)}): start them before the run, and more of them.`;
  if (startMs > 0.5 * wallMs && source !== undefined && source.busyMs > 0.5 * wallMs) {
    return `Most of the time went into reading the first rows (${formatDuration(source.busyMs)}) and, in part meanwhile, into starting actors and loading the model, done after ${formatDuration(startMs)} of ${formatDuration(wallMs)}: with more rows at once that counts for less.`;
  }
  if (startMs > 0.5 * wallMs) {
    return `Most of the time went into starting actors and loading the model (${formatDuration(startMs)} of ${formatDuration(wallMs)}): with more rows at once that counts for less.`;
  }
  if (wallMs < short.wallMs && few) {
    return `The run was over in ${formatDuration(wallMs)}, and starting took most of that: too short to tell what would hold up a longer one.`;
  }
  const loading = hardest?.pool === undefined ? 0 : hardest.pool.loadMs / Math.max(1, hardest.pool.actors);
  if (hardest?.pool && loading > 0.5 * wallMs) {
    return `Loading ${hardest.name} took ${percent(loading / wallMs)} of the run: give it more rows at once, or a smaller model.`;
  }
  if (hardest?.pool && hardest.pool.utilisation >= busy) return predictorBound(hardest, mayJoin);
  if (hardest?.pool && hardest.pool.preprocessMs > hardest.pool.predictMs && hardest.pool.preprocessMs > 0.2 * wallMs * hardest.pool.actors) {
    return `Preparing rows for ${hardest.name} took longer than predicting them (${formatDuration(hardest.pool.preprocessMs)} and ${formatDuration(hardest.pool.predictMs)} of its actors' time): raise concurrency, or make preprocess cheaper.`;
  }
  if (consumerMs > 0.5 * wallMs) return `Whoever took the rows was the slowest (${percent(consumerMs / wallMs)} of the time): write larger parts, or do less per row.`;
  const slowest = slowestOf(stages.filter((stage) => stage.pool === undefined));
  if (slowest !== undefined && slowest.busyMs > 0.3 * wallMs) {
    return slowest.kind === "scan"
      ? readingBound(slowest, wallMs)
      : `${slowest.name} was the slowest (${percent(slowest.busyMs / wallMs)} of the time, on the one thread that also reads and writes): make it cheaper, or turn it into a predictor, which runs in actors.`;
  }
  return hardest === undefined ? "No stage stood out." : `No stage stood out; ${hardest.name} was busiest (its ${hardest.pool?.workers === undefined ? "actors" : "workers"} were predicting ${percent(hardest.pool?.utilisation ?? 0)} of the time after loading).`;
}

function slowestOf(stages: readonly StageStats[]): StageStats | undefined {
  return stages.toSorted((a, b) => b.busyMs - a.busyMs)[0];
}

function readingBound({ name, busyMs }: StageStats, wallMs: number): string {
  return `Reading was the slowest: ${name} took ${percent(busyMs / wallMs)} of the time; ${readLess(name)}.`;
}

function readLess(name: string): string {
  if (name.startsWith("read images")) return "read only their paths and let the predictor's actors decode them, or give the run more cores";
  if (name === "read rows") return "make what gives them faster";
  return "read fewer columns, or a faster format or disk";
}

function predictorBound({ name, pool }: StageStats, mayJoin: boolean): string {
  const who = pool?.workers === undefined ? "actor" : "worker";
  const share = `its ${pool?.actors === 1 ? `${who} was` : `${pool?.actors ?? 0} ${who}s were`} predicting ${percent(pool?.utilisation ?? 0)} of the time after loading`;
  if (pool?.paddingEfficiency !== undefined && pool.paddingEfficiency < 0.6) return `${name} was the bottleneck (${share}) and ${percent(1 - pool.paddingEfficiency)} of its tokens were padding: leave maxBatchCost at "auto", or lower it.`;
  if (pool?.workers !== undefined) return `${name} was the bottleneck (${share}): ${mayJoin ? "let more workers help" : "share it, so that others help (--share)"}, or use a smaller model.`;
  const device = pool?.device === "cpu" || pool?.device === "wasm" ? "use a GPU (device), a smaller model, or more cores" : "use a smaller model, or another GPU (concurrency with numGpus: 1)";
  return `${name} was the bottleneck (${share}): ${device}.`;
}

function percent(share: number): string {
  return `${Math.round(100 * Math.min(1, share))} %`;
}
