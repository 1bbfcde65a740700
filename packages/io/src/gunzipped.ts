import { ShoalError } from "@shoal/core";
import type { SourceFile } from "./file-store.ts";

/** A file's content, unpacked where it begins as gzip does, whatever its name. */
export async function* gunzipped(file: SourceFile, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const chunks = file.stream(signal)[Symbol.asyncIterator]();
  try {
    const first = await chunks.next();
    if (first.done) return;
    if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) {
      yield first.value;
      yield* rest(chunks);
      return;
    }
    yield* unpacked(file.path, first.value, chunks, signal);
  } finally {
    await chunks.return?.();
  }
}

async function* rest(chunks: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  for (;;) {
    const { done, value } = await chunks.next();
    if (done) return;
    yield value;
  }
}

async function* unpacked(path: string, first: Uint8Array, chunks: AsyncIterator<Uint8Array>, signal: AbortSignal): AsyncIterable<Uint8Array> {
  let failed: ShoalError | undefined;
  const packed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.enqueue(first as Uint8Array<ArrayBuffer>),
    async pull(controller) {
      try {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value as Uint8Array<ArrayBuffer>);
      } catch (error) {
        failed = ShoalError.from(error);
        controller.error(error);
      }
    },
  });
  const reader = packed.pipeThrough(new DecompressionStream("gzip")).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (failed !== undefined) throw failed;
    throw new ShoalError("gzip-corrupt", `"${path}" can't be unpacked: ${error instanceof Error ? error.message : String(error)}.`, {
      hint: "The file is damaged or cut short; fetch or make it again (gzip -t tells).",
      failure: "bug",
      details: { path },
      cause: error,
    });
  } finally {
    await reader.cancel().catch(() => {});
  }
}
