import type { Clock, Logger } from "@shoal/core";
import type { Engine } from "../engine/index.ts";
import type { FileStore } from "../engine/stores/files/file-store.ts";
import type { GatewayJob } from "./jobs/gateway-job.ts";
import type { GatewaySettings } from "./gateway-settings.ts";
import type { HeldInputs } from "./jobs/held-inputs.ts";
import type { PassingResults } from "./results/passing-results.ts";
import type { RecentBytes } from "./results/recent-bytes.ts";
import type { Refusals } from "./workers/refusals.ts";
import type { SchedulerLoop } from "./scheduler-loop.ts";
import type { WorkerLink } from "./workers/worker-link.ts";
import type { WorkerRecord } from "./workers/worker-record.ts";

/** What the parts of a gateway have in common. */
export interface GatewayState {
  readonly engine: Engine;
  /** Of this coordinator, for people. */
  readonly name: string;
  readonly files: FileStore | undefined;
  readonly clock: Clock;
  readonly date: () => number;
  readonly random: () => number;
  readonly log: Logger;
  readonly settings: GatewaySettings;
  readonly loop: SchedulerLoop;
  /** By name: those that run, and the last that ended. */
  readonly jobs: Map<string, GatewayJob>;
  /** By name: those that are here, and those that were. */
  readonly workers: Map<string, WorkerRecord>;
  /** By connection. */
  readonly links: Map<string, WorkerLink>;
  readonly inputs: HeldInputs;
  /** Stored results, by what they are called. */
  readonly recent: RecentBytes;
  readonly passing: PassingResults;
  readonly refusals: Refusals;
  /** Aborts when the gateway is over. */
  readonly signal: AbortSignal;
  /** Aborts when it takes nothing more up: before that. */
  readonly closing: AbortSignal;
  /** Something that `watch` tells of. */
  readonly changed: () => void;
}
