import { ShoalError } from "@shoal/core";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Bytes of a file as text. A byte order mark at the file's beginning is left out.
 * @param byte where in the file the bytes begin
 * @throws `invalid-utf8` with the position of the first wrong byte
 */
export function decodeUtf8(bytes: Uint8Array, path: string, byte: number, line: number): string {
  try {
    const text = decoder.decode(bytes);
    return byte === 0 && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  } catch (error) {
    const at = firstInvalidByte(bytes);
    const inLine = bytes.subarray(0, at).lastIndexOf(10);
    const lineNumber = line + bytes.subarray(0, at).reduce((count, value) => count + Number(value === 10), 0);
    const { kind, format, remedy } = lookAt(byte === 0 ? bytes.subarray(0, 64) : new Uint8Array());
    throw new ShoalError("invalid-utf8", `${path}:${lineNumber}: byte ${byte + at} (0x${(bytes[at] ?? 0).toString(16).padStart(2, "0")}, byte ${at - inLine} of the line) is not valid UTF-8${kind === undefined ? "" : `; the file looks like ${kind}`}.`, {
      hint: remedy,
      failure: "bug",
      details: { path, line: lineNumber, byte: byte + at, ...(format !== undefined && { looksLike: format }) },
      cause: error,
    });
  }
}

interface Look {
  /** What the file is rather than text in UTF-8, where that can be seen. */
  readonly kind?: string;
  /** That we read it as. */
  readonly format?: string;
  readonly remedy: string;
}

/** How other files begin that are given for text. */
const signatures: readonly (readonly [begin: string, kind: string, format?: string])[] = [
  ["PAR1", "Parquet", "parquet"], ["ARROW1", "Arrow IPC", "arrow"], ["\u0089PNG", "a picture", "images"], ["\u00ff\u00d8\u00ff", "a picture", "images"], ["\u0093NUMPY", "npy", "npy"],
  ["PK\u0003\u0004", "a zip archive or a spreadsheet"], ["%PDF", "a PDF"], ["SQLite format 3", "an SQLite database"],
];

/** @param begin the first bytes of a file; none where it is not the file's beginning that is wrong */
function lookAt(begin: Uint8Array): Look {
  const text = String.fromCharCode(...begin);
  const [, kind, format] = signatures.find(([signature]) => text.startsWith(signature)) ?? [];
  if (kind !== undefined) return format === undefined ? { kind, remedy: "Take out of it what is to be read, as CSV or JSON Lines." } : { kind, format, remedy: `Its name deceives: read it as ${format}.` };
  const zeros = begin.reduce((count, value) => count + Number(value === 0), 0);
  if (/^(\u00ff\u00fe|\u00fe\u00ff)/.test(text)) return { kind: "UTF-16", remedy: "Convert the file to UTF-8, as with iconv -f UTF-16 -t UTF-8." };
  // Every other byte of most letters.
  if (3 * zeros > begin.length) return { kind: "UTF-16", remedy: `Convert the file to UTF-8, as with iconv -f UTF-16${begin[0] === 0 ? "BE" : "LE"} -t UTF-8.` };
  return { remedy: "Convert the file to UTF-8, as with iconv -f LATIN1 -t UTF-8; if it should be UTF-8 already, it is damaged at this place." };
}

/** Where a strict decoder stops: the first byte that begins no valid sequence. */
function firstInvalidByte(bytes: Uint8Array): number {
  // Valid prefixes only grow: the longest is found by halving.
  let valid = 0;
  let invalid = bytes.length;
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    if (isPrefix(bytes.subarray(0, middle))) valid = middle;
    else invalid = middle;
  }
  if (isPrefix(bytes)) invalid = bytes.length + 1;
  // The byte that spoils it may stand within a sequence, which then began up to three bytes before.
  let start = Math.min(invalid, bytes.length) - 1;
  while (start > 0 && !isWhole(bytes.subarray(0, start))) start--;
  return start;
}

/** Valid as far as it goes: the end may still be missing. */
function isPrefix(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

function isWhole(bytes: Uint8Array): boolean {
  try {
    decoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
