import { mkdir, open, stat, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ShoalError } from "@shoal/core";
import type { LedgerHead, LedgerRecord, LedgerSummary, RunLedger } from "@shoal/executor";
import { frameHead, readBlock, readFrame, type Frame } from "./ledger-frames.ts";

/** This much may be on its way to the file before whoever writes has to wait. */
const mostWaitingBytes = 32 * 2 ** 20;
/** What a process has written outlives it; only for the machine's own death is it synced, this long after it was written. */
const syncAfterMs = 200;

/** Opens the ledger in the folder of an unfinished output: one file, to which blocks are added. Made where there is none. */
export async function openRunLedger(folder: string): Promise<RunLedger> {
  const path = ledgerPath(folder);
  try {
    await mkdir(dirname(path), { recursive: true });
    // Made when it is missing, and left as it is when it is not.
    await (await open(path, "a")).close();
    const file = await open(path, "r+");
    try {
      const { head, frames, end } = await readFrames(file);
      return new FileLedger(path, file, head, frames, end);
    } catch (error) {
      await file.close();
      throw error;
    }
  } catch (error) {
    throw ledgerError(error, path);
  }
}

/** How far the run came whose ledger lies in the folder. */
export async function lookIntoLedger(folder: string): Promise<LedgerSummary | undefined> {
  const path = ledgerPath(folder);
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { head, frames } = await readFrames(file);
    const last = frames.at(-1)?.json as LedgerRecord | undefined;
    if (head === undefined || (last === undefined && head.elsewhere === undefined)) return undefined;
    return { rows: last?.rows ?? 0, startedAt: head.startedAt, lastAt: (await stat(path)).mtime.toISOString(), ...(head.elsewhere !== undefined && { elsewhere: head.elsewhere }) };
  } finally {
    await file.close();
  }
}

function ledgerPath(folder: string): string {
  return join(folder, "ledger", "run.ledger");
}

async function readFrames(file: FileHandle): Promise<{ readonly head: LedgerHead | undefined; readonly frames: Frame[]; readonly end: number }> {
  const { size } = await file.stat();
  const first = await readFrame(file, 0, size);
  if (first === undefined) return { head: undefined, frames: [], end: 0 };
  const frames: Frame[] = [];
  let { end } = first;
  for (let next; (next = await readFrame(file, end, size)) !== undefined; end = next.end) frames.push(next);
  return { head: first.json as LedgerHead, frames, end };
}

class FileLedger implements RunLedger {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #frames: Frame[];
  head: LedgerHead | undefined;
  /** Records written by this run are not among the frames: nobody asks for them. */
  readonly records: LedgerRecord[];
  #end: number;
  #cut = false;
  #waitingBytes = 0;
  #last: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  #unsynced = false;
  #closing = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #syncing: Promise<void> = Promise.resolve();

  constructor(path: string, file: FileHandle, head: LedgerHead | undefined, frames: Frame[], end: number) {
    this.#path = path;
    this.#file = file;
    this.head = head;
    this.#frames = frames;
    this.records = frames.map(({ json }) => json as LedgerRecord);
    this.#end = end;
  }

  async begin(head: LedgerHead): Promise<void> {
    await this.cut(0);
    this.#end = 0;
    this.#cut = false;
    this.head = head;
    await this.#append(head, new Uint8Array());
    await this.#last;
    this.#rethrow();
  }

  async block(at: number): Promise<Uint8Array | undefined> {
    const frame = this.#frames[at];
    return frame === undefined ? undefined : readBlock(this.#file, frame);
  }

  async cut(at: number): Promise<void> {
    const first = this.#frames[at];
    if (first !== undefined) this.#end = this.#frames[at - 1]?.end ?? (await readFrame(this.#file, 0, Infinity))?.end ?? 0;
    this.#frames.splice(at);
    this.records.splice(at);
    this.#cut = false;
  }

  async commit(record: LedgerRecord, block: Uint8Array = new Uint8Array()): Promise<void> {
    this.#rethrow();
    this.records.push(record);
    // All but the last are on the disk, and no longer needed here.
    if (this.records.length > this.#frames.length + 1) this.records.splice(this.#frames.length, 1);
    const written = this.#append(record, block);
    if (this.#waitingBytes > mostWaitingBytes) await written;
    this.#rethrow();
  }

  async close(): Promise<void> {
    await this.#last;
    this.#closing = true;
    clearTimeout(this.#timer);
    await this.#syncing;
    try {
      if (this.#failure === undefined && this.#unsynced) await this.#file.datasync();
    } catch (error) {
      this.#failure ??= { error };
    }
    await this.#file.close();
    this.#rethrow();
  }

  #append(json: unknown, block: Uint8Array): Promise<void> {
    const head = frameHead(json, block);
    const bytes = head.byteLength + block.byteLength;
    this.#waitingBytes += bytes;
    this.#last = this.#last.then(async () => {
      if (this.#failure !== undefined) return;
      try {
        await this.#makeRoom();
        await write(this.#file, head, this.#end);
        await write(this.#file, block, this.#end + head.byteLength);
        this.#end += bytes;
        this.#syncSoon();
      } catch (error) {
        this.#failure = { error };
      } finally {
        this.#waitingBytes -= bytes;
      }
    });
    return this.#last;
  }

  /** Whatever is torn must not be taken for the end of what is written over it. */
  async #makeRoom(): Promise<void> {
    if (this.#cut) return;
    await this.#file.truncate(this.#end);
    this.#cut = true;
  }

  #syncSoon(): void {
    this.#unsynced = true;
    // A timer would find the file closed; closing syncs what is left.
    if (this.#closing) return;
    this.#timer ??= setTimeout(() => {
      this.#unsynced = false;
      this.#syncing = this.#file.datasync().then(() => {
        this.#timer = undefined;
        if (this.#unsynced) this.#syncSoon();
      }, (error: unknown) => void (this.#failure ??= { error }));
    }, syncAfterMs);
  }

  #rethrow(): void {
    if (this.#failure !== undefined) throw ledgerError(this.#failure.error, this.#path);
  }
}

async function write(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) at += (await file.write(bytes, at, bytes.byteLength - at, position + at)).bytesWritten;
}

function ledgerError(error: unknown, path: string): ShoalError {
  if (ShoalError.is(error)) return error;
  const code = String((error as { code?: unknown }).code ?? "");
  const full = code === "ENOSPC" || code === "EDQUOT";
  return new ShoalError(full ? "disk-full" : "file-error", `Can't write the ledger "${path}"${full ? ": the disk is full" : `: ${ShoalError.from(error).message}`}.`, {
    hint: full ? "Make room, and resume: what is done is kept." : "Check the folder of the output, and resume: what is done is kept.",
    cause: error,
    details: { path },
  });
}
