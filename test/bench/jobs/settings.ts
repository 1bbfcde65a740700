import type { Device, RunStats } from "shoal";

/** What the text and image jobs are told. */
export interface TextSettings {
  readonly job: "sentiment" | "encoder" | "images";
  readonly path: string;
  readonly model: string;
  readonly out: string;
  readonly concurrency?: number;
  readonly maxBatchCost?: number | "auto";
  readonly device?: Device;
  /** False: the run keeps no ledger. */
  readonly ledger?: boolean;
  /** The link of a coordinator whose workers compute. */
  readonly on?: string;
  /** Cores that the run may use; what is detected when not given. */
  readonly cpus?: number;
}

/** Prints what `measure` reads. */
export function tell(first: First, rows: number, stats: RunStats): void {
  console.log(JSON.stringify(told(first, rows, stats)));
}

/** When the first rows were done, and how many those were. */
export interface First {
  readonly t_first: number;
  readonly n_first: number;
}

export function told(first: First, rows: number, stats: RunStats) {
  const stage = stats.stages.find(({ pool }) => pool !== undefined);
  const pool = stage?.pool;
  return {
    ...first, t_end: Date.now() / 1000, rows,
    predicted: (stage?.rowsIn ?? 0) - (pool?.collapsedRows ?? 0),
    actors: pool?.actors, batches: pool?.batches, batchRows: pool?.batchRows, paddingEfficiency: pool?.paddingEfficiency, utilisation: pool?.utilisation,
    preprocessMs: pool?.preprocessMs, predictMs: pool?.predictMs, postprocessMs: pool?.postprocessMs, loadMs: pool?.loadMs, poolMs: stage?.wallMs,
    bottleneck: stats.bottleneck,
  };
}
