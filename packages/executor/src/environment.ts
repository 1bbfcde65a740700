import type { ActorHost, Clock, DeadLetter, Devices, Logger, Resources } from "@shoal/core";
import type { OnError } from "@shoal/planner";
import type { RemotePools } from "./pool/block-pool.ts";
import type { KeptElsewhere } from "./pool/remote-runner.ts";
import type { RunLedgers } from "./resume/run-ledger.ts";
import type { RunEvent } from "./stats/run-event.ts";

/** What a run is given: everything that is not in the plan. */
export interface Environment {
  readonly host: ActorHost;
  readonly resources: Resources;
  /** What `device: "auto"` chooses from. Without it each actor chooses for itself. */
  readonly devices?: Devices;
  /** Stages that are predicted elsewhere. They need no resources here. */
  readonly remote?: RemotePools;
  /** More machines may come and help with those. Default true. */
  readonly mayJoin?: boolean;
  /** Who keeps what is predicted elsewhere. Then this machine keeps no ledger of its own. */
  readonly keptElsewhere?: KeptElsewhere;
  /** What the report says of the run from its start. */
  readonly notices?: readonly string[];
  /** Default: the machine's own time. */
  readonly clock?: Clock;
  /** What whoever takes the blocks may change in place. Default: nothing. */
  readonly written?: "columns" | "values";
  /** Ends the run. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
  /** For steps that say nothing themselves. Default: `fail`. */
  readonly onError?: OnError;
  /** The run stops when more rows than this have failed, whatever `onError` says. */
  readonly maxErrors?: number;
  /** Where rows go that failed with `deadLetter`. Called one at a time. */
  readonly deadLetters?: (letters: readonly DeadLetter[]) => Promise<void>;
  /** How much the pools of actors may hold, all together. Default: an eighth of the memory, 256 MiB at most. */
  readonly budgetBytes?: number;
  readonly log?: Logger;
  /** Where runs into files keep what they have done. Without it none can be resumed. */
  readonly ledgers?: RunLedgers;
}

export function budgetOf({ budgetBytes, resources }: Environment): number {
  return budgetBytes ?? Math.min(256 * 2 ** 20, Math.max(2 ** 20, Math.floor(resources.memory / 8)));
}
