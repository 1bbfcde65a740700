import { ShoalError } from "@shoal/core";
import { fileError } from "./file-error.ts";
import type { SourceFile } from "./file-store.ts";

/**
 * A Blob, or a File, as a file that can be read.
 * @param path what it is called in messages, and in the lineage of its rows
 * @param version where there may be another of this name, size and time
 */
export function blobFile(path: string, blob: Blob, version?: string): SourceFile {
  return {
    path,
    size: blob.size,
    version: version ?? ("lastModified" in blob ? `${blob.size}-${String(blob.lastModified)}` : String(blob.size)),
    stream: (signal) => streamBlob(path, blob, signal),
    bytes: (start, end) => blobBytes(path, blob, start, end),
  };
}

/** A Blob's own stream comes in pieces of 64 kB, which are small blocks. */
const pieceBytes = 1 << 18;

async function* streamBlob(path: string, blob: Blob, signal: AbortSignal): AsyncIterable<Uint8Array> {
  for (let at = 0; at < blob.size; at += pieceBytes) {
    signal.throwIfAborted();
    yield await blobBytes(path, blob, at, Math.min(blob.size, at + pieceBytes));
  }
}

async function blobBytes(path: string, blob: Blob, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(await blob.slice(start, end).arrayBuffer().catch((error: unknown) => {
    throw fileError(error, `read "${path}"`);
  }));
  if (bytes.byteLength === end - start) return bytes;
  throw new ShoalError("file-truncated", `"${path}" ends at byte ${start + bytes.byteLength}, before byte ${end}.`, { hint: "It was cut short while it was read: run it again once the file is at rest.", failure: "bug" });
}
