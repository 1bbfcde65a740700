import { ShoalError } from "@shoal/core";
import { platform } from "#platform";
import type { SourceFile } from "./file-store.ts";
import { readAhead } from "./read-ahead.ts";

/**
 * A file's content, unpacked where it begins as gzip does, whatever its name. Where that is `.gz`, nothing at all is a file cut short:
 * even an empty file has some twenty bytes when it is packed.
 * @throws `gzip-corrupt`
 */
export async function* gunzipped(file: SourceFile, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const [held, all] = await readAhead(file.stream(signal), (some) => some.reduce((sum, { byteLength }) => sum + byteLength, 0) >= 2);
  const start = held.flatMap((bytes) => [...bytes.subarray(0, 2)]);
  if (start.length < 2 && /\.gz$/i.test(file.path)) throw corrupt(file, "it ends before it begins");
  if (start[0] !== 0x1f || start[1] !== 0x8b) {
    yield* all;
    return;
  }
  try {
    yield* (await platform.gunzip())(all);
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

/** Unpacks gzip. What is wrong with it is thrown where the unpacked bytes are read. */
export type Gunzip = (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
