import type { Block, BlockResult } from "@shoal/core";
import type { ActorPoolStage, PhysicalOperator } from "@shoal/planner";
import type { PoolRecorder } from "../stats/stage-recorder.ts";
import type { PoolEvent } from "./pool-settings.ts";

/** What predicts the blocks of one stage: actors of this machine, or of many (see {@link RemotePools}). Serves one run. */
export interface BlockPool {
  /** Blocks that were submitted and are not done. */
  readonly open: number;
  /** More open blocks than this would only wait. */
  readonly capacity: number;
  readonly actors: number;
  readonly busy: number;
  readonly loading: number;
  /** Of the actors: those at work for other runs. */
  readonly atOtherJobs?: number;
  /** Those who do its blocks can't be reached now, and are tried again in so long. */
  readonly reconnectMs?: number | undefined;
  /** May be called again. */
  start(): void;
  /** @throws what stops the run: loading failed, a bug, actors that keep dying. Failures of rows are in the result. */
  submit(block: Block): Promise<BlockResult>;
  /** No block will follow. */
  endInput(): void;
  /** Ends everything at once. Settles when all is gone; open blocks reject. */
  close(): Promise<void>;
}

/** What a pool tells the stage that it works for. */
export interface BlockPoolRun {
  readonly record: PoolRecorder;
  readonly onEvent: (event: PoolEvent) => void;
  /** Something changed: a block is done, an actor is there. */
  readonly onChange: () => void;
  /** The pool can't go on, whether or not it has blocks. */
  readonly onFailure: (error: unknown) => void;
  /** About once a second, also while nothing is done. */
  readonly onTick: () => void;
  /** How many rows the stage will be given in all, by what is known now; undefined as long as nothing tells. */
  readonly expectedInput?: () => ExpectedInput | undefined;
}

/** Rows that a stage will be given in a run. */
export interface ExpectedInput {
  readonly rows: number;
  /** The sources do not know their rows, or a step before changes how many there are. */
  readonly isEstimate: boolean;
}

export type OpenPool = (run: BlockPoolRun) => BlockPool;

/** The stages of a plan that are predicted elsewhere, and how; called once for each run. The others stay on this machine. */
export type RemotePools = (plan: PhysicalOperator) => ReadonlyMap<ActorPoolStage, OpenPool>;
