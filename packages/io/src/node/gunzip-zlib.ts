import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { Gunzip } from "../gunzipped.ts";

/** Unpacks gzip, of one member or several. */
export const gunzipByZlib: Gunzip = async function* (chunks, unpacked) {
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  // What goes wrong is thrown where the unpacked bytes are read.
  for await (const bytes of pipeline(Readable.from(chunks), gunzip, () => {}) as AsyncIterable<Uint8Array>) {
    unpacked.bytes += bytes.byteLength;
    // It works ahead of whoever reads: what lies ready was packed in a part of what it has taken.
    unpacked.stored = Math.round((gunzip.bytesWritten * unpacked.bytes) / (unpacked.bytes + gunzip.readableLength));
    yield bytes;
  }
};
