import { crc32 } from "node:zlib";
import { ShoalError } from "@shoal/core";

const journalFormat = 1;

/** The first line of every file of a journal. */
export interface JournalHeader {
  readonly file: number;
  /** Written at once, out of all files before, which count no more. Others are written bit by bit. */
  readonly compacted: boolean;
  /** How much of the file before counts. What was written behind it belongs to writes that failed, or to an owner who had lost the folder. */
  readonly previousBytes: number;
  /** No `seq` up to this one is given out any more. */
  readonly seq: number;
}

const newline = 10;

/** `shoal-journal <format> <crc> <json>` */
export function encodeHeader(header: JournalHeader): Uint8Array {
  const body = JSON.stringify(header);
  return Buffer.from(`shoal-journal ${journalFormat} ${hex(crc32(body))} ${body}\n`);
}

/** Undefined when it is damaged. @throws `journal-too-new` */
export function decodeHeader(line: Uint8Array, path: string): JournalHeader | undefined {
  const match = /^shoal-journal (\d+) (?:([0-9a-f]{8}) (.*))?/.exec(Buffer.from(line).toString());
  if (match === null) return undefined;
  const [, format, crc, body = ""] = match;
  if (crc === hex(crc32(body))) {
    if (format === String(journalFormat)) return JSON.parse(body) as JournalHeader;
  } else if (crc !== undefined) return undefined;
  throw new ShoalError("journal-too-new", `The journal file "${path}" has format ${format}; this version of Shoal knows format ${journalFormat}.`, {
    hint: "Open the folder with the version of Shoal that wrote it, or a later one.",
    failure: "bug",
    details: { path, format: Number(format) },
  });
}

/**
 * The lines of one group of records: `<crc> <synced> <json>`, one a record. `synced` is where the group begins, in base 36: everything before it was on the disk before
 * the group was written. So a damaged line with a good one behind it tells which it is: unfinished with its whole group, or changed after it was durable.
 */
export function encodeGroup(records: readonly string[], synced: number): Uint8Array {
  const start = `${synced.toString(36)} `;
  let lines = "";
  for (const record of records) {
    const body = start + record;
    lines += `${hex(crc32(body))} ${body}\n`;
  }
  return Buffer.from(lines);
}

export interface JournalLine {
  readonly synced: number;
  readonly json: string;
}

const crcDigits = 8;
const space = 32;

/** Undefined when it is damaged. */
export function decodeLine(line: Uint8Array): JournalLine | undefined {
  if (line[crcDigits] !== space) return undefined;
  const bytes = Buffer.from(line.buffer, line.byteOffset, line.byteLength);
  if (!isHexOf(bytes, crc32(bytes.subarray(crcDigits + 1)))) return undefined;
  const end = bytes.indexOf(space, crcDigits + 1);
  return { synced: Number.parseInt(bytes.toString("latin1", crcDigits + 1, end), 36), json: bytes.toString("utf8", end + 1) };
}

const digits = new TextEncoder().encode("0123456789abcdef");

/** Whether a line begins with this number, without making a string of it: every line of a long journal comes by here. */
function isHexOf(line: Uint8Array, crc: number): boolean {
  for (let at = 0; at < crcDigits; at++) if (line[at] !== digits[(crc >>> (4 * (crcDigits - 1 - at))) & 15]) return false;
  return true;
}

/** Good lines within a damaged stretch: the newline before them may be what was damaged. */
export function* linesWithin(stretch: Uint8Array): Generator<JournalLine> {
  const text = Buffer.from(stretch).toString("latin1");
  for (const { index } of text.matchAll(/(?=[0-9a-f]{8} [0-9a-z]+ \{)/g)) {
    const line = decodeLine(stretch.subarray(index));
    if (line !== undefined) yield line;
  }
}

/** Cuts parts into lines without their newlines; the last one may lack it (`ends` false). A line is valid until the next one is asked for. */
export async function* splitLines(parts: AsyncIterable<Uint8Array>): AsyncGenerator<readonly { readonly at: number; readonly line: Uint8Array; readonly ends: boolean }[]> {
  let rest: Uint8Array = new Uint8Array(0);
  let at = 0;
  for await (const part of parts) {
    const bytes = rest.byteLength === 0 ? part : Buffer.concat([rest, part]);
    const lines = [];
    let from = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, from)) {
      lines.push({ at: at + from, line: bytes.subarray(from, end), ends: true });
      from = end + 1;
    }
    yield lines;
    rest = bytes.slice(from);
    at += from;
  }
  if (rest.byteLength > 0) yield [{ at, line: rest, ends: false }];
}

function hex(crc: number): string {
  return crc.toString(16).padStart(crcDigits, "0");
}
