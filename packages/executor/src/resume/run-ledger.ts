import type { ConcreteDevice, DeadLetter, JsonObject } from "@shoal/core";
import type { BegunPartition, RunPosition } from "./run-tracking.ts";
import type { PlanIdentity } from "./plan-identity.ts";

/** The device, and the options that go with it, that a pool was started with. */
export interface StageDevice {
  readonly device: ConcreteDevice;
  readonly variant?: JsonObject;
}

/** What a ledger begins with: whose it is. JSON. */
export interface LedgerHead {
  readonly identity: PlanIdentity;
  /** When the first run began, as an ISO string. */
  readonly startedAt: string;
  /** What is done is kept elsewhere: by whom, and under which name of the run. Then nothing follows here. */
  readonly elsewhere?: { readonly by: string; readonly name: string };
}

/** What is written down with each block of the output. JSON. */
export interface LedgerRecord {
  /** Rows of the output, this block's included. */
  readonly rows: number;
  /** Where to go on; absent as long as there is no such place. */
  readonly position?: RunPosition;
  /** Rows that have failed before the position. */
  readonly failed: number;
  /** Dead letters of rows that came to lie before the position with this block. */
  readonly letters?: readonly DeadLetter[];
  /** Partitions begun since the record before. */
  readonly partitions?: readonly BegunPartition[];
  /** By the number of the stage, where the plan left the choice. */
  readonly devices?: Readonly<Record<string, StageDevice>>;
  /** The output is whole; all that is left is to publish it. */
  readonly complete?: true;
}

/** How far a run came that left its output unfinished. */
export interface LedgerSummary {
  readonly rows: number;
  readonly startedAt: string;
  /** When the last block was written down, as an ISO string. */
  readonly lastAt: string;
  /** What is done is kept there, and not here. */
  readonly elsewhere?: LedgerHead["elsewhere"];
}

/** The ledger of one run, open. One call at a time; what it has is safe from a process that dies, and within moments from a machine that does. */
export interface RunLedger {
  /** Whose it is; undefined while it is empty. */
  readonly head: LedgerHead | undefined;
  /** Everything that is written down, in order. */
  readonly records: readonly LedgerRecord[];
  /** Empties it, for a new run. */
  begin(head: LedgerHead): Promise<void>;
  /** The block of a record, as it was given; undefined for one without, or where its bytes have changed on the disk. */
  block(at: number): Promise<Uint8Array | undefined>;
  /** Forgets the records from here on. */
  cut(at: number): Promise<void>;
  /** Writes a record down, with its block. Waits only while much is on its way. @throws what an earlier one failed with: `disk-full` … */
  commit(record: LedgerRecord, block?: Uint8Array): Promise<void>;
  /** Everything is on the disk when it resolves. */
  close(): Promise<void>;
}

/** Keeps ledgers beside unfinished outputs. */
export interface RunLedgers {
  /** Opens the ledger in the folder of an unfinished output. What is torn at its end is left out. */
  open(folder: string): Promise<RunLedger>;
  /** Looks into one without opening it. Undefined where there is none. */
  look(folder: string): Promise<LedgerSummary | undefined>;
  /** Changes when the files of a model do; undefined where that can't be told. */
  modelVersion(model: string): Promise<string | undefined>;
  /** Of the libraries that results depend on. */
  versions(): Promise<Readonly<Record<string, string>>>;
  /** Wall time, for messages. */
  now(): Date;
}
