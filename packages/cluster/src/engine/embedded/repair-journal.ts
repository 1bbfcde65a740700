import { join } from "node:path";
import { ShoalError, systemDate } from "@shoal/core";
import type { LogRecord } from "../memory/ledger-log.ts";
import { LedgerState } from "../memory/ledger-state.ts";
import { diskError } from "./disk-error.ts";
import { localDisk, type Disk } from "./disk.ts";
import { lockFolder } from "./folder-lock.ts";
import { writeCompacted } from "./journal-files.ts";
import { decodeHeader, decodeLine, linesWithin, splitLines, type JournalHeader } from "./journal-format.ts";
import { journalFiles, journalPath } from "./read-journal.ts";

export interface Repair {
  readonly kept: number;
  /** Stretches that could not be read; each may have held several records. */
  readonly damaged: number;
  /** Where the files lie as they were. */
  readonly originals: string;
}

/** No damaged stretch hides more numbers than this. */
const skippedSeqs = 1_000_000;

/**
 * Makes a damaged journal one that can be opened: every whole record is kept, what is between them is gone. Blocks whose commits are gone are computed again, so
 * the output stays right; a removed job may be there again. The files are kept beside it as they were.
 * @param date the day and time, in milliseconds since 1970, by which the folder of the originals is named
 * @throws `engine-folder-busy`, `nothing-to-repair`, `journal-too-new`
 */
export async function repairJournal(folder: string, disk: Disk = localDisk, date: () => number = systemDate): Promise<Repair> {
  const lock = await lockFolder(folder, disk, date);
  try {
    const files = await journalFiles(folder, disk);
    const last = files.at(-1);
    if (last === undefined) throw new ShoalError("nothing-to-repair", `There is no journal in "${folder}".`, { hint: "Check the path.", failure: "bug", details: { folder } });
    const { state, damaged } = await readWholeRecords(folder, disk, files);
    // Nothing that is lost may be given out again: an epoch, above all.
    state.skipTo(state.lastSeq + skippedSeqs);
    const originals = join(folder, `damaged-${new Date(date()).toISOString().replaceAll(":", "-")}`);
    await disk.makeFolder(originals);
    for (const file of files) await disk.link(journalPath(folder, file), journalPath(originals, file));
    await disk.syncFolder(originals);
    const kept = await writeCompacted(folder, disk, last, state, state.lastSeq);
    return { kept, damaged, originals };
  } catch (error) {
    throw diskError(error, "repair the journal", folder);
  } finally {
    await lock.release();
  }
}

async function readWholeRecords(folder: string, disk: Disk, files: readonly number[]): Promise<{ readonly state: LedgerState; readonly damaged: number }> {
  const headers = new Map<number, JournalHeader | undefined>();
  for (const file of files) headers.set(file, await firstLine(journalPath(folder, file), disk));
  const first = files.findLast((file) => headers.get(file)?.compacted) ?? 0;
  const state = new LedgerState();
  let damaged = 0;
  for (const file of files.filter((each) => each >= first)) {
    const header = headers.get(file);
    state.skipTo(header?.seq ?? 0);
    let wasGood = true;
    for await (const lines of splitLines(disk.read(journalPath(folder, file), 0, header?.compacted === true ? undefined : headers.get(file + 1)?.previousBytes))) {
      for (const { at, line, ends } of lines) {
        if (at === 0 && header !== undefined) continue;
        const whole = ends ? decodeLine(line) : undefined;
        if (whole === undefined && wasGood) damaged++;
        wasGood = whole !== undefined;
        for (const { json } of whole === undefined ? linesWithin(line) : [whole]) state.apply(JSON.parse(json) as LogRecord);
      }
    }
  }
  return { state, damaged };
}

async function firstLine(path: string, disk: Disk): Promise<JournalHeader | undefined> {
  for await (const [first] of splitLines(disk.read(path, 0, 1024))) return first?.ends === true ? decodeHeader(first.line, path) : undefined;
  return undefined;
}
