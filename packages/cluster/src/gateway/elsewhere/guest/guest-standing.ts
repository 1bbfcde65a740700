import type { ErrorData } from "@shoal/core";
import type { DecidedBlocks } from "./decided-blocks.ts";

/** What a gateway knows of a job that another one leads. */
export interface GuestStanding {
  /** The gateway that leads it: its epoch, and its name for people; unknown where a worker brought results of it. */
  home: number | undefined;
  by: string;
  /** Since when nothing of it is here, by the clock. */
  idleSince: number | undefined;
  /** What the ledger said since this gateway helps. */
  readonly decided: DecidedBlocks;
  /** Somebody failed at it here in such a way that the whole job can't be run. */
  fail(error: ErrorData): void;
}

