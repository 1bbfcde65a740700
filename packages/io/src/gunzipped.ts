import { ShoalError } from "@shoal/core";
import { platform } from "#platform";
import type { SourceFile } from "./file-store.ts";
import { readAhead } from "./read-ahead.ts";

/** How much of a packed file its unpacked bytes are. */
export interface Unpacked {
  /** Bytes that came out, and the bytes of the file that they were packed in. Both 0 where nothing is packed. */
  bytes: number;
  stored: number;
}

/**
 * A file's content, unpacked where it begins as gzip does, whatever its name. Where that is `.gz`, nothing at all is a file cut short:
 * even an empty file has some twenty bytes when it is packed.
 * @param unpacked is kept up to date
 * @throws `gzip-corrupt`
 */
export async function* gunzipped(file: SourceFile, signal: AbortSignal, unpacked: Unpacked = { bytes: 0, stored: 0 }): AsyncIterable<Uint8Array> {
  const [held, all] = await readAhead(file.stream(signal), (some) => some.reduce((sum, { byteLength }) => sum + byteLength, 0) >= 2);
  const start = held.flatMap((bytes) => [...bytes.subarray(0, 2)]);
  if (start.length < 2 && /\.gz$/i.test(file.path)) throw corrupt(file, "it ends before it begins");
  if (start[0] !== 0x1f || start[1] !== 0x8b) {
    yield* all;
    return;
  }
  try {
    yield* (await platform.gunzip())(all, unpacked);
  } catch (error) {
    signal.throwIfAborted();
    if (ShoalError.is(error)) throw error;
    throw corrupt(file, error instanceof Error ? error.message : String(error), error);
  }
}

function corrupt(file: SourceFile, why: string, cause?: unknown): ShoalError {
  return new ShoalError("gzip-corrupt", `"${file.path}" can't be unpacked: ${why}.`, {
    hint: "The file is damaged or cut short; fetch or make it again (gzip -t tells).",
    failure: "bug",
    details: { path: file.path },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Unpacks gzip, and keeps `unpacked` up to date. What is wrong with it is thrown where the unpacked bytes are read. */
export type Gunzip = (chunks: AsyncIterable<Uint8Array>, unpacked: Unpacked) => AsyncIterable<Uint8Array>;
