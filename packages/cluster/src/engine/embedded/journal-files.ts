import { join } from "node:path";
import type { LogRecord } from "../memory/ledger-log.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { encodeGroup, encodeHeader, type JournalHeader } from "./journal-format.ts";
import { journalFiles, journalPath } from "./read-journal.ts";

/** Begins a file: it has its name only once its first line is on the disk. */
export async function writeHeader(folder: string, disk: Disk, header: JournalHeader): Promise<{ readonly file: DiskFile; readonly bytes: number }> {
  const { file, path, bytes } = await createWithHeader(folder, disk, header);
  try {
    await file.sync();
    await disk.rename(path, journalPath(folder, header.file));
    await disk.syncFolder(folder);
  } catch (error) {
    await abandon(disk, file, path);
    throw error;
  }
  return { file, bytes };
}

/** Puts one whole file of these records in the place of `number` and of all files before it. Gives the number of records. */
export async function writeCompacted(folder: string, disk: Disk, number: number, state: { records(untilSeq: number): Iterable<LogRecord> }, untilSeq: number): Promise<number> {
  const { file, path, bytes } = await createWithHeader(folder, disk, { file: number, compacted: true, previousBytes: 0, seq: untilSeq });
  let records = 0;
  try {
    let at = bytes;
    let lines: string[] = [];
    const write = async (): Promise<void> => {
      const group = encodeGroup(lines, 0);
      await file.write(group, at);
      at += group.byteLength;
      lines = [];
    };
    for (const record of state.records(untilSeq)) {
      lines.push(JSON.stringify(record));
      records++;
      if (lines.length === compactedGroupRecords) await write();
    }
    await write();
    await file.sync();
    await file.close();
    await disk.rename(path, journalPath(folder, number));
    await disk.syncFolder(folder);
  } catch (error) {
    await abandon(disk, file, path);
    throw error;
  }
  for (const old of await journalFiles(folder, disk)) if (old < number) await disk.remove(journalPath(folder, old));
  return records;
}

/** Few enough that commits are hardly held up. */
const compactedGroupRecords = 1000;

async function createWithHeader(folder: string, disk: Disk, header: JournalHeader): Promise<{ readonly file: DiskFile; readonly path: string; readonly bytes: number }> {
  const path = join(folder, `journal-${String(header.file).padStart(8, "0")}.new`);
  await disk.remove(path);
  const file = await disk.create(path);
  try {
    const line = encodeHeader(header);
    await file.write(line, 0);
    return { file, path, bytes: line.byteLength };
  } catch (error) {
    await abandon(disk, file, path);
    throw error;
  }
}

async function abandon(disk: Disk, file: DiskFile, path: string): Promise<void> {
  await file.close().catch(() => {});
  await disk.remove(path).catch(() => {});
}
