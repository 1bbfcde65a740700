import { ShoalError } from "@shoal/core";
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
    yield* (await gunzip())(all);
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

type Gunzip = (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/** Where there is zlib, it is taken: it alone reads files of several gzip members on Node, Bun and Deno alike. */
async function gunzip(): Promise<Gunzip> {
  return "process" in globalThis ? (await import("./gunzip-zlib.ts")).gunzipByZlib : gunzipByWeb;
}

async function* gunzipByWeb(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  const packed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value as Uint8Array<ArrayBuffer>);
    },
    cancel: async () => void (await iterator.return?.()),
  });
  const reader = packed.pipeThrough(new DecompressionStream("gzip")).getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel().catch(() => {});
  }
}
