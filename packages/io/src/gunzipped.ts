import { ShoalError } from "@shoal/core";
import type { SourceFile } from "./file-store.ts";
import { readAhead } from "./read-ahead.ts";

/**
 * A file's content, unpacked where it begins as gzip does, whatever its name.
 * @throws `gzip-corrupt`
 */
export async function* gunzipped(file: SourceFile, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const [held, all] = await readAhead(file.stream(signal), (some) => some.length > 0);
  const [first] = held;
  if (first?.[0] !== 0x1f || first[1] !== 0x8b) {
    yield* all;
    return;
  }
  try {
    yield* (await gunzip())(all);
  } catch (error) {
    signal.throwIfAborted();
    if (ShoalError.is(error)) throw error;
    throw new ShoalError("gzip-corrupt", `"${file.path}" can't be unpacked: ${error instanceof Error ? error.message : String(error)}.`, {
      hint: "The file is damaged or cut short; fetch or make it again (gzip -t tells).",
      failure: "bug",
      details: { path: file.path },
      cause: error,
    });
  }
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
