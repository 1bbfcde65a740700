import { ShoalError } from "@shoal/core";
import type { SourceFile } from "./file-store.ts";
import { gunzipped } from "./gunzipped.ts";
import { decodeUtf8 } from "./decode-utf8.ts";

/** Whole lines of a file. */
export interface TextRun {
  readonly text: string;
  /** 1-based number of the first line. */
  readonly line: number;
  /** Where the first line begins in the file, unpacked. */
  readonly byte: number;
  /** Where the last line ends in the file as it is stored; estimated where it is packed. */
  readonly storedEnd: number;
}

const newline = 10;

/**
 * A text file in runs of whole lines, about a megabyte each; unpacked where it is gzip, without its byte order mark.
 * @param maxLineBytes a longer line is refused, so that no file can take all memory.
 * @throws `invalid-utf8`, `line-too-long`, `gzip-corrupt`
 */
export async function* textRuns(file: SourceFile, maxLineBytes: number, signal: AbortSignal): AsyncIterable<TextRun> {
  let line = 1;
  let byte = 0;
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  const unpacked = { bytes: 0, stored: 0 };
  const take = (bytes: Uint8Array): TextRun => {
    const text = decodeUtf8(bytes, file.path, byte, line);
    const end = byte + bytes.byteLength;
    const run = { text, line, byte, storedEnd: unpacked.bytes === 0 ? end : Math.round((end * unpacked.stored) / unpacked.bytes) };
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) line++;
    byte += bytes.byteLength;
    return run;
  };
  for await (const chunk of gunzipped(file, signal, unpacked)) {
    let bytes = chunk;
    const end = bytes.lastIndexOf(newline) + 1;
    if (restBytes + (end === 0 ? bytes.byteLength : bytes.indexOf(newline)) > maxLineBytes) throw tooLong(file.path, line, maxLineBytes);
    if (end === 0) {
      rest.push(bytes);
      restBytes += bytes.byteLength;
      continue;
    }
    const tail = bytes.subarray(end);
    bytes = rest.length === 0 ? bytes.subarray(0, end) : joined([...rest, bytes.subarray(0, end)]);
    rest = tail.byteLength === 0 ? [] : [tail.slice()];
    restBytes = tail.byteLength;
    yield take(bytes);
  }
  if (restBytes > 0) yield take(joined(rest));
}

/** All of a text file. @throws `file-too-large` */
export async function wholeText(file: SourceFile, maxBytes: number, signal: AbortSignal): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const bytes of gunzipped(file, signal)) {
    size += bytes.byteLength;
    if (size > maxBytes) throw new ShoalError("file-too-large", `"${file.path}" holds more than ${maxBytes} bytes, too much for a file that must be read whole.`, { hint: "Turn it into JSON Lines, which are read as a stream.", failure: "bug" });
    parts.push(bytes.slice());
  }
  return decodeUtf8(joined(parts), file.path, 0, 1);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0] as Uint8Array;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

function tooLong(path: string, line: number, maxLineBytes: number): ShoalError {
  return new ShoalError("line-too-long", `${path}:${line}: this line (or one soon after it) is longer than ${maxLineBytes} bytes.`, {
    hint: "If that is meant, raise maxLineBytes; otherwise check that the file has line ends.",
    failure: "bug",
    details: { path, line, maxLineBytes },
  });
}
