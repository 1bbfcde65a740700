import type { ActorHost, BatchPolicy, Block, Clock, Device, FailureClass, PredictorSpec } from "@shoal/core";
import type { ChosenDevice } from "../device/choose-device.ts";
import type { PoolRecorder } from "../stats/stage-recorder.ts";

export interface PoolSettings {
  readonly spec: PredictorSpec;
  readonly policy: BatchPolicy;
  readonly device: Device;
  /** Where device or options are to be measured; told the first block when there is one. */
  readonly chooseDevice?: (block: () => Promise<Block>, signal: AbortSignal) => Promise<ChosenDevice>;
  readonly minActors: number;
  readonly maxActors: number;
  readonly threads: number;
  /** GPU of each actor, by slot. */
  readonly deviceIndexes: readonly number[];
  readonly maxAttempts: number;
  readonly timeoutMs?: number;
  readonly recycleAfterBatches?: number;
  readonly host: ActorHost;
  readonly clock: Clock;
  readonly record: PoolRecorder;
  readonly onEvent: (event: PoolEvent) => void;
  /** Something changed: a block is done, an actor is there. */
  readonly onChange: () => void;
  /** The pool can't go on, whether or not it has blocks. */
  readonly onFailure: (error: unknown) => void;
  /** About once a second, also while nothing is done. */
  readonly onTick: () => void;
}

export type PoolEvent =
  | { readonly kind: "actor-started"; readonly actor: string; readonly device: string; readonly loadMs: number }
  | { readonly kind: "actor-stopped"; readonly actor: string; readonly reason: string }
  | { readonly kind: "actor-lost"; readonly actor: string; readonly reason: string; readonly failure: FailureClass }
  | { readonly kind: "notice"; readonly message: string };
