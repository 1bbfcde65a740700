import { systemClock, type Clock } from "@shoal/core";
import { engineClosed } from "../engine-errors.ts";
import type { Engine } from "../engine.ts";
import type { LedgerLog } from "./ledger-log.ts";
import { LedgerState } from "./ledger-state.ts";
import { LoggedElection } from "./logged-election.ts";
import { LoggedLedger } from "./logged-ledger.ts";
import { MemoryBlobs } from "./memory-blobs.ts";
import { MemoryQueue, type MemoryQueueOptions } from "./memory-queue.ts";

export interface MemoryEngineOptions {
  readonly clock?: Clock;
  readonly queue?: MemoryQueueOptions;
}

/** An engine within this process, which forgets everything with it: for a run that is not to be resumed, and for tests. */
export function memoryEngine({ clock = systemClock, queue }: MemoryEngineOptions = {}): Engine {
  const state = new LedgerState();
  let closed = false;
  const log: LedgerLog = {
    append: async (record) => {
      if (closed) throw engineClosed();
      state.apply(record);
    },
  };
  return {
    ledger: new LoggedLedger(state, log),
    leader: new LoggedElection(state, log, clock),
    queue: new MemoryQueue(clock, queue),
    blobs: new MemoryBlobs(clock),
    keepsLedgers: false,
    status: () => ({ state: "running" }),
    close: async () => {
      closed = true;
    },
  };
}
