import type { PoolStats, StageStats } from "./run-stats.ts";

export const stage = (name: string, change: Partial<StageStats> = {}): StageStats => ({
  stage: 0, name, kind: "row-functions", rowsIn: 1000, rowsOut: 1000, blocks: 4, wallMs: 1000, busyMs: 10, waitMs: 0, rowsPerSecond: 1000, skipped: 0, nulled: 0, deadLettered: 0, filtered: 0, ...change,
});
export const pool = (change: Partial<PoolStats> = {}): PoolStats => ({
  actors: 2, device: "cpu", preprocessMs: 100, predictMs: 1000, postprocessMs: 10, loadMs: 100, batches: 40, failedBatches: 0, batchRows: { min: 8, median: 32, max: 64 },
  counts: {}, retries: 0, lostActors: 0, collapsedRows: 0, peakHeldBytes: 0, utilisation: 0.5, ...change,
});
