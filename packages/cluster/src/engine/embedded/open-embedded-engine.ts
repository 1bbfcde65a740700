import { dirname, join, resolve } from "node:path";
import { systemClock, systemDate, type Clock } from "@shoal/core";
import type { Engine } from "../engine.ts";
import { LedgerState } from "../memory/ledger-state.ts";
import { LoggedElection } from "../memory/logged-election.ts";
import { LoggedLedger } from "../memory/logged-ledger.ts";
import { MemoryQueue, type MemoryQueueOptions } from "../memory/memory-queue.ts";
import { diskError } from "./disk-error.ts";
import { localDisk, type Disk } from "./disk.ts";
import { FolderBlobs } from "./folder-blobs.ts";
import { lockFolder } from "./folder-lock.ts";
import { Journal, type JournalOptions } from "./journal.ts";

export interface EmbeddedEngineOptions {
  readonly clock?: Clock;
  readonly queue?: MemoryQueueOptions;
  readonly journal?: JournalOptions;
  readonly disk?: Disk;
  /** The day and time, in milliseconds since 1970. Default: `Date.now`. */
  readonly date?: () => number;
  /** The folder's owner is known to be gone, though this machine can't tell. */
  readonly takeOver?: boolean;
}

/** An engine of one process, whose ledger is kept in a folder. */
export interface EmbeddedEngine extends Engine {
  /** Rewrites the journal without what is obsolete. It does so by itself when there is enough of it. */
  compact(): Promise<void>;
}

/**
 * Opens a folder, which is made if need be, as the engine that it was when it was closed or its process died: ledger, epochs and blobs are there; the queue is empty.
 * @throws `engine-folder-busy` while another process has it; `journal-damaged`; `journal-too-new`; `disk-full`, `permission-denied`, `file-error`
 */
export async function openEmbeddedEngine(folder: string, { clock = systemClock, queue, journal: journalOptions, disk = localDisk, date = systemDate, takeOver = false }: EmbeddedEngineOptions = {}): Promise<EmbeddedEngine> {
  try {
    const blobs = join(folder, "blobs");
    await disk.makeFolder(blobs);
    // What is in it becomes durable with the journal's first file.
    await disk.syncFolder(dirname(resolve(folder)));
    const lock = await lockFolder(folder, disk, date, { takeOver });
    try {
      for (const name of await disk.list(folder)) if (name.endsWith(".new")) await disk.remove(join(folder, name));
      const state = new LedgerState();
      const journal = await Journal.open(folder, disk, state, lock, journalOptions);
      const stored = await FolderBlobs.open(blobs, disk, date).catch((error: unknown) => journal.close().then(() => Promise.reject(error as Error)));
      return {
        ledger: new LoggedLedger(state, journal),
        leader: new LoggedElection(state, journal, clock),
        queue: new MemoryQueue(clock, queue),
        blobs: stored,
        keepsLedgers: true,
        status: () => (journal.paused === undefined ? { state: "running" } : { state: "paused", reason: journal.paused }),
        compact: () => journal.compact(),
        close: async () => {
          await stored.close();
          await journal.close();
          await lock.release();
        },
      };
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (error) {
    throw diskError(error, "open the engine", folder);
  }
}
