import type { ShoalError } from "@shoal/core";
import { engineClosed, enginePaused } from "../engine-errors.ts";
import type { LedgerLog, LogRecord } from "../memory/ledger-log.ts";
import type { LedgerState } from "../memory/ledger-state.ts";
import { diskError } from "./disk-error.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { folderTaken, type FolderLock } from "./folder-lock.ts";
import { encodeGroup } from "./journal-format.ts";
import { writeCompacted, writeHeader } from "./journal-files.ts";
import { journalPath, readJournal } from "./read-journal.ts";

export interface JournalOptions {
  /** After how many bytes a new file is begun. Default 256 MB. */
  readonly maxFileBytes?: number;
  /** How many records of removed jobs may lie on the disk before the journal is compacted; as many as there are live ones may in any case. Default 50,000. */
  readonly maxObsoleteRecords?: number;
}

interface Waiting {
  readonly record: LogRecord;
  readonly json: string;
  readonly resolve: () => void;
  readonly reject: (reason: ShoalError) => void;
}

interface OpenFile {
  readonly file: DiskFile;
  readonly number: number;
  /** All before it is on the disk. */
  synced: number;
}

/** So that a group is written within moments, however many wait. */
const maxGroupRecords = 4096;
const maxFiles = 8;

/**
 * Keeps records in files of a folder. Whatever comes in while one group is being written makes the next group, and is synced together: a sync costs the same
 * for one record as for hundreds. After a write that failed nothing more goes into its file: a new one begins, whose first line says how much of the old one counts.
 */
export class Journal implements LedgerLog {
  readonly #folder: string;
  readonly #disk: Disk;
  readonly #state: LedgerState;
  readonly #lock: FolderLock;
  readonly #maxFileBytes: number;
  readonly #maxObsoleteRecords: number;
  #waiting: Waiting[] = [];
  #file: OpenFile | undefined;
  #last: { readonly number: number; readonly bytes: number };
  #files: number;
  #records: number;
  #paused: ShoalError | undefined;
  #taken: ShoalError | undefined;
  #closed = false;
  #writing: Promise<void> | undefined;
  #rotating: (() => void) | undefined;
  #compacting: Promise<void> | undefined;
  #compactFrom = 0;

  /** Reads what is there into the state. @throws `journal-damaged`, `journal-too-new`, `disk-full` … */
  static async open(folder: string, disk: Disk, state: LedgerState, lock: FolderLock, options: JournalOptions = {}): Promise<Journal> {
    try {
      const end = await readJournal(folder, disk, (record) => state.apply(record));
      state.skipTo(end.seq);
      for (const file of end.obsolete) await disk.remove(journalPath(folder, file));
      const journal = new Journal(folder, disk, state, lock, options, { number: end.files.at(-1) ?? 0, bytes: end.bytes, files: end.files.length, records: end.records });
      await journal.#beginFile();
      journal.#compactIfWorthwhile();
      return journal;
    } catch (error) {
      throw diskError(error, "open the journal", folder);
    }
  }

  private constructor(folder: string, disk: Disk, state: LedgerState, lock: FolderLock, { maxFileBytes = 2 ** 28, maxObsoleteRecords = 50_000 }: JournalOptions, end: { number: number; bytes: number; files: number; records: number }) {
    this.#folder = folder;
    this.#disk = disk;
    this.#state = state;
    this.#lock = lock;
    this.#maxFileBytes = maxFileBytes;
    this.#maxObsoleteRecords = maxObsoleteRecords;
    this.#last = end;
    this.#files = end.files;
    this.#records = end.records;
  }

  /** Why nothing can be written now. */
  get paused(): ShoalError | undefined {
    return this.#taken ?? this.#paused;
  }

  append(record: LogRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(engineClosed());
      if (this.#taken !== undefined) return reject(enginePaused(this.#taken));
      this.#waiting.push({ record, json: JSON.stringify(record), resolve, reject });
      this.#write();
    });
  }

  /** Writes what is still wanted into one file, while appends go on in the next one, and removes the files before. */
  compact(): Promise<void> {
    this.#compacting ??= this.#compact().finally(() => (this.#compacting = undefined));
    return this.#compacting;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#compacting?.catch(() => {});
    while (this.#writing !== undefined) await this.#writing;
    await this.#endFile();
  }

  #write(): void {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
      if (this.#waiting.length > 0 || this.#rotating !== undefined) this.#write();
    });
  }

  async #writeAll(): Promise<void> {
    // Whoever calls in this same turn still belongs to the group.
    await Promise.resolve();
    while (this.#waiting.length > 0 || this.#rotating !== undefined) {
      if (this.#rotating !== undefined) {
        await this.#endFile();
        this.#rotating();
        this.#rotating = undefined;
        continue;
      }
      const group = this.#waiting.length <= maxGroupRecords ? this.#waiting : this.#waiting.slice(0, maxGroupRecords);
      this.#waiting = this.#waiting.length <= maxGroupRecords ? [] : this.#waiting.slice(maxGroupRecords);
      try {
        await this.#writeGroup(group);
      } catch (error) {
        await this.#giveFileUp();
        const reason = diskError(error, "write the journal", this.#folder);
        if (reason.code === "engine-folder-taken") this.#taken = reason;
        this.#paused = reason;
        for (const { reject } of group) reject(enginePaused(reason));
      }
    }
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    const open = this.#file ?? (await this.#beginFile());
    const bytes = encodeGroup(group.map(({ json }) => json), open.synced);
    await open.file.write(bytes, open.synced);
    await open.file.sync();
    if (!this.#lock.isOurs()) throw folderTaken(this.#folder);
    open.synced += bytes.byteLength;
    this.#records += group.length;
    this.#paused = undefined;
    for (const { record, resolve } of group) {
      this.#state.apply(record);
      resolve();
    }
    if (open.synced >= this.#maxFileBytes) await this.#endFile();
    this.#compactIfWorthwhile();
  }

  async #beginFile(): Promise<OpenFile> {
    const number = this.#last.number + 1;
    const { file, bytes } = await writeHeader(this.#folder, this.#disk, { file: number, compacted: false, previousBytes: this.#last.bytes, seq: this.#state.lastSeq });
    this.#files++;
    return (this.#file = { file, number, synced: bytes });
  }

  async #endFile(): Promise<void> {
    if (this.#file === undefined) return;
    const { file, number, synced } = this.#file;
    this.#last = { number, bytes: synced };
    this.#file = undefined;
    await file.close().catch(() => {});
  }

  /** What was written in part must not stay in the way of what is written next. */
  async #giveFileUp(): Promise<void> {
    await this.#file?.file.truncate(this.#file.synced).catch(() => {});
    await this.#endFile();
  }

  #compactIfWorthwhile(): void {
    if (this.#compacting !== undefined || this.#closed || this.#records < this.#compactFrom) return;
    const live = this.#state.size;
    if (this.#files <= maxFiles && this.#records - live <= Math.max(this.#maxObsoleteRecords, live)) return;
    // When it fails it costs nothing but space.
    void this.compact().catch(() => (this.#compactFrom = this.#records + this.#maxObsoleteRecords));
  }

  async #compact(): Promise<void> {
    // What is compacted must be all that stands in whole files.
    if (this.#file !== undefined || this.#writing !== undefined) {
      await new Promise<void>((resolve) => {
        this.#rotating = resolve;
        this.#write();
      });
    }
    const { number } = this.#last;
    const untilSeq = this.#state.appliedSeq;
    const before = { records: this.#records, files: this.#files };
    const records = await writeCompacted(this.#folder, this.#disk, number, this.#state, untilSeq);
    this.#records += records - before.records;
    this.#files += 1 - before.files;
  }
}
