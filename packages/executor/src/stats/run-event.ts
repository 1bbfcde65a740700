import type { FailureClass, SinkResult } from "@shoal/core";
import type { RunStats } from "./run-stats.ts";

/** Where a stage stands: what this run has done of it, and not the one that it continues. */
export interface StageProgress {
  readonly stage: number;
  readonly name: string;
  readonly rowsIn: number;
  /** Handed on, to the next stage or to the output. */
  readonly rowsOut: number;
  /** Done by actors, in whatever order; they are handed on in their turn. Elsewhere the same as `rowsOut`. */
  readonly rowsDone: number;
  /** Done by the run that this one continues, as far as it is known; absent: none. */
  readonly rowsBefore?: number;
  /** How many there will be in the end, `rowsBefore` among them: where the sources know their rows. After a step that changes their number it is what it has made of them so far, and `isEstimate`. */
  readonly rowsExpected?: number;
  readonly isEstimate?: true;
  /** Of `rowsDone`, over the run. */
  readonly rowsPerSecond: number;
  /** Blocks read and not handed on: waiting for an actor, in one, or waiting for their turn. Only for pools of actors. */
  readonly queue?: number;
  readonly actorsBusy?: number;
  readonly actors?: number;
  /** Actors that are starting and loading their predictor; not among `actors` yet. */
  readonly actorsLoading?: number;
  /** Of `actors`: workers that are busy with other jobs, and do this one's blocks after those. Absent: none. While they are all that is busy, no time left is told. */
  readonly actorsAtOtherJobs?: number;
  /** Other machines run the stage: its actors are workers, each with as many actors as it likes. */
  readonly byWorkers?: true;
  /** Those who run the stage can't be reached now, and are tried again in so many milliseconds: nothing is known of its actors meanwhile, nor of the time left. */
  readonly reconnectMs?: number;
  readonly failedRows: number;
}

/** What happens during a run. JSON. */
export type RunEvent =
  | { readonly kind: "run-started"; readonly stages: readonly { readonly stage: number; readonly name: string; readonly kind: string }[] }
  /** The rows that will be read, where the sources know. `before`: those that an earlier run has read, and that this one goes on after. */
  | { readonly kind: "total-rows"; readonly rows: number; readonly before?: number }
  /** `done`: share of the run that is done, 0 to 1, where the sources know their rows; where they know their bytes alone, an estimate. */
  | ({ readonly kind: "stage-progress"; readonly elapsedMs: number; readonly done?: number; readonly etaMs?: number } & StageProgress)
  | { readonly kind: "actor-started"; readonly stage: number; readonly name: string; readonly actor: string; readonly device: string; readonly loadMs: number }
  | { readonly kind: "actor-stopped"; readonly stage: number; readonly name: string; readonly actor: string; readonly reason: string }
  | { readonly kind: "actor-lost"; readonly stage: number; readonly name: string; readonly actor: string; readonly reason: string; readonly failure: FailureClass }
  | { readonly kind: "batch-failed"; readonly stage: number; readonly name: string; readonly rows: number; readonly code: string; readonly message: string }
  | { readonly kind: "notice"; readonly message: string }
  | { readonly kind: "run-finished"; readonly stats: RunStats; readonly result?: SinkResult }
  | { readonly kind: "run-failed"; readonly code: string; readonly message: string; readonly stats: RunStats };
