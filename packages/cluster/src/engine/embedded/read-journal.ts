import { join } from "node:path";
import { ShoalError } from "@shoal/core";
import type { LogRecord } from "../memory/ledger-log.ts";
import type { Disk } from "./disk.ts";
import { decodeHeader, decodeLine, linesWithin, splitLines, type JournalHeader } from "./journal-format.ts";

/** What is known of a journal once it is read. */
export interface JournalEnd {
  /** The numbers of the files that count, in order. None: there is no journal yet. */
  readonly files: readonly number[];
  /** Those that don't count any more, and were not removed. */
  readonly obsolete: readonly number[];
  /** How much of the last file counts. Behind it is what a crash left unfinished. */
  readonly bytes: number;
  readonly records: number;
  /** No `seq` up to this one is given out any more, though no record has it. */
  readonly seq: number;
}

export function journalPath(folder: string, file: number): string {
  return join(folder, `journal-${String(file).padStart(8, "0")}.log`);
}

export async function journalFiles(folder: string, disk: Disk): Promise<readonly number[]> {
  return (await disk.list(folder)).flatMap((name) => /^journal-(\d{8})\.log$/.exec(name)?.slice(1).map(Number) ?? []);
}

/**
 * Hands over every record of a folder's journal, in order. What a crash left unfinished at its end is passed over.
 * @throws `journal-damaged` when anything was changed or lost that had been durable; `journal-too-new`
 */
export async function readJournal(folder: string, disk: Disk, take: (record: LogRecord) => void): Promise<JournalEnd> {
  const all = await journalFiles(folder, disk);
  const headers = new Map<number, JournalHeader>();
  for (const file of all) headers.set(file, await readHeader(journalPath(folder, file), disk));
  const first = all.findLast((file) => headers.get(file)?.compacted) ?? all[0];
  if (first === undefined) return { files: [], obsolete: [], bytes: 0, records: 0, seq: 0 };
  const files = all.filter((file) => file >= first);
  const missing = files.findIndex((file, index) => file !== first + index);
  if (missing > 0 || (first !== 1 && headers.get(first)?.compacted !== true)) {
    throw damaged(journalPath(folder, missing > 0 ? first + missing : first - 1), 0, "the file is missing");
  }
  let end: FileEnd = { bytes: 0, records: 0 };
  let records = 0;
  let seq = 0;
  for (const file of files) {
    const { compacted, seq: known } = headers.get(file) as JournalHeader;
    const until = compacted ? undefined : headers.get(file + 1)?.previousBytes;
    end = await readFile(journalPath(folder, file), disk, take, { until, whole: compacted || file !== files.at(-1) });
    records += end.records;
    seq = Math.max(seq, known);
  }
  return { files, obsolete: all.filter((file) => file < first), bytes: end.bytes, records, seq };
}

interface FileEnd {
  readonly bytes: number;
  readonly records: number;
}

/** @param whole whether every line in it was durable, because something came after it */
async function readFile(path: string, disk: Disk, take: (record: LogRecord) => void, { until, whole }: { readonly until: number | undefined; readonly whole: boolean }): Promise<FileEnd> {
  let bytes = 0;
  let records = 0;
  let badAt: number | undefined;
  for await (const lines of splitLines(disk.read(path, 0, until))) {
    for (const { at, line, ends } of lines) {
      if (at === 0) {
        bytes = line.byteLength + 1;
        continue;
      }
      const good = ends ? decodeLine(line) : undefined;
      if (badAt === undefined && good !== undefined) {
        take(JSON.parse(good.json) as LogRecord);
        bytes = at + line.byteLength + 1;
        records++;
        continue;
      }
      badAt ??= at;
      const later = good === undefined ? [...linesWithin(line)] : [good];
      if (whole || later.some(({ synced }) => synced > (badAt as number))) throw damaged(path, badAt, "a record there has changed since it was written");
    }
  }
  if (until !== undefined && bytes !== until) throw damaged(path, bytes, `it ends there, and had ${until} bytes`);
  return { bytes, records };
}

async function readHeader(path: string, disk: Disk): Promise<JournalHeader> {
  for await (const [first] of splitLines(disk.read(path, 0, 1024))) {
    const header = first === undefined || !first.ends ? undefined : decodeHeader(first.line, path);
    if (header !== undefined) return header;
    break;
  }
  throw damaged(path, 0, "its first line is not that of a journal");
}

function damaged(path: string, position: number, what: string): ShoalError {
  return new ShoalError("journal-damaged", `The journal file "${path}" is damaged at byte ${position}: ${what}.`, {
    hint: "Restore the folder from a copy; or remove it, and what it held is computed again; or, in a program, call repairJournal(folder), which keeps every whole record. Check the disk.",
    failure: "bug",
    details: { path, position },
  });
}
