import type { Block, Clock } from "@shoal/core";
import type { RowErrors } from "../errors/row-errors.ts";
import type { ScanTracking, StageTracking } from "../resume/run-tracking.ts";
import type { StageRecorder } from "../stats/stage-recorder.ts";

/** What a running operator has besides its inputs. */
export interface StageRun {
  /** Ends the stage, in the middle of any wait. */
  readonly signal: AbortSignal;
  /** Ends everything before this stage, and leaves what comes after alone. */
  readonly stopInputs: () => void;
  readonly clock: Clock;
  readonly record: StageRecorder;
  readonly errors: RowErrors;
  /** For stages that count rows, in a run that can be resumed. */
  readonly tracking?: StageTracking | undefined;
  /** For scans, in such a run. */
  readonly scan?: ScanTracking | undefined;
}

export type BlockStream = AsyncIterable<Block>;

/** A physical operator, running: pulls from its inputs when it is pulled. */
export type Operator = (inputs: readonly BlockStream[], run: StageRun) => BlockStream;

/** The one input of an operator that has one. */
export function inputOf(input: BlockStream | undefined): BlockStream {
  if (input === undefined) throw new TypeError("An operator was built without its input.");
  return input;
}
