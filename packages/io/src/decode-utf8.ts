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
    const utf16 = byte === 0 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff));
    throw new ShoalError("invalid-utf8", `${path}:${lineNumber}: byte ${byte + at} (0x${(bytes[at] ?? 0).toString(16).padStart(2, "0")}, byte ${at - inLine} of the line) is not valid UTF-8${utf16 ? "; the file looks like UTF-16" : ""}.`, {
      hint: `Convert the file to UTF-8, as with iconv -f ${utf16 ? "UTF-16" : "LATIN1"} -t UTF-8.`,
      failure: "bug",
      details: { path, line: lineNumber, byte: byte + at },
      cause: error,
    });
  }
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
