import { open } from "node:fs/promises";
import type { ByteRange } from "../../blob-store.ts";

const pieceBytes = 256 * 1024;

/** Bytes of a file, piece by piece. */
export async function* pieces(path: string, { start, length }: ByteRange): AsyncGenerator<Uint8Array> {
  const file = await open(path, "r");
  try {
    for (let at = start; at < start + length; ) {
      // A new one each time: the reader keeps what it was given until it is sent.
      const piece = new Uint8Array(Math.min(pieceBytes, start + length - at));
      const { bytesRead } = await file.read(piece, 0, piece.byteLength, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield piece.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
