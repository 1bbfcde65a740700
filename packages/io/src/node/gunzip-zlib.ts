import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/** Unpacks gzip, of one member or several. */
export async function* gunzipByZlib(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  // What goes wrong is thrown where the unpacked bytes are read.
  yield* pipeline(Readable.from(chunks), createGunzip({ chunkSize: 1 << 18 }), () => {}) as AsyncIterable<Uint8Array>;
}
