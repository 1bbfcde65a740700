import type { Clock, Logger } from "@shoal/core";
import type { Engine } from "../engine/index.ts";
import type { SchedulerSettings } from "../scheduler/index.ts";
import type { CheckResult } from "./results/check-result.ts";
import type { FileStore } from "../engine/stores/files/file-store.ts";
import type { GatewaySettings } from "./gateway-settings.ts";

/** What a gateway is made of. */
export interface GatewayParts {
  readonly engine: Engine;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** Signs invites and keys, and names rows that pass (`InputNames`): 32 random bytes that outlive this process, or nobody comes in again after a restart. */
  readonly secret: Uint8Array;
  /** Of the coordinator, for people. */
  readonly name: string;
  /** The numbers that scheduling goes by. */
  readonly scheduler?: Partial<SchedulerSettings>;
  /** Those of the gateway itself. */
  readonly settings?: Partial<GatewaySettings>;
  /** Holds results to the SHA-256 that their worker says, and gives it where it is asked to. Default: within this thread. Give one that runs where a timeout can stop it where strangers may work. */
  readonly checkResult?: CheckResult;
  /**
   * Results of workers within this process are taken as they come: what they made is what a run without a coordinator would have taken from the same actors. Default false: they
   * are checked like everybody's.
   */
  readonly trustsOwnWorkers?: boolean;
  /** Files of models and code. Without it, jobs that bring such files are refused. */
  readonly files?: FileStore;
  readonly log?: Logger;
  /** What whoever runs the coordinator should know: that the disk is full, that another gateway has taken over. */
  readonly onNotice?: (message: string) => void;
  /** The day and time, in milliseconds since 1970. Default: `Date.now`. */
  readonly date?: () => number;
}
