import type { Gunzip } from "../gunzipped.ts";

/** Unpacks gzip of one member, with what browsers bring along. */
export const gunzipByStream: Gunzip = async function* (chunks, unpacked) {
  const iterator = chunks[Symbol.asyncIterator]();
  const packed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else {
        unpacked.stored += value.byteLength;
        controller.enqueue(value as Uint8Array<ArrayBuffer>);
      }
    },
    cancel: async () => void (await iterator.return?.()),
  });
  const reader = packed.pipeThrough(new DecompressionStream("gzip")).getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      unpacked.bytes += next.value.byteLength;
      yield next.value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
};
