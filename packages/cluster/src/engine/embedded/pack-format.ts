import { crc32 } from "node:zlib";
import type { Disk } from "./disk.ts";

/** Before each blob in a pack: `shoalblb`, u32 LE length, u32 LE CRC of length and name, the 32 bytes of its SHA-256. */
const magic = Buffer.from("shoalblb");
const lengthAt = 8;
const crcAt = 12;
const nameAt = 16;
export const blobHeaderBytes = 48;

/** Where a blob lies in its pack. */
export interface PackedBlob {
  readonly sha256: string;
  readonly start: number;
  readonly bytes: number;
}

/** Written over the bytes from `at` on. */
export function writeBlobHeader(into: Buffer, at: number, sha256: string, bytes: number): void {
  magic.copy(into, at);
  into.writeUInt32LE(bytes, at + lengthAt);
  into.write(sha256, at + nameAt, "hex");
  into.writeUInt32LE(checksum(into, at), at + crcAt);
}

/** Undefined where none begins. */
function readBlobHeader(from: Buffer, at: number): Omit<PackedBlob, "start"> | undefined {
  if (at + blobHeaderBytes > from.byteLength || !from.subarray(at, at + magic.byteLength).equals(magic)) return undefined;
  if (from.readUInt32LE(at + crcAt) !== checksum(from, at)) return undefined;
  return { sha256: from.toString("hex", at + nameAt, at + blobHeaderBytes), bytes: from.readUInt32LE(at + lengthAt) };
}

function checksum(bytes: Buffer, at: number): number {
  return crc32(bytes.subarray(at + nameAt, at + blobHeaderBytes), crc32(bytes.subarray(at + lengthAt, at + crcAt)));
}

const windowBytes = 1 << 20;

/**
 * The blobs of a pack, in order. What stands between them is passed over: the rest of a write that a crash cut off, or a header that has changed. Whether a blob's own
 * bytes are what its name says is for whoever reads them.
 */
export async function* blobsOfPack(disk: Disk, path: string, fileBytes: number): AsyncGenerator<PackedBlob, void, undefined> {
  let window: Buffer = Buffer.alloc(0);
  let windowAt = 0;
  for (let at = 0; at + blobHeaderBytes <= fileBytes; ) {
    if (at < windowAt || at + blobHeaderBytes > windowAt + window.byteLength) [window, windowAt] = [await readWindow(disk, path, at, fileBytes), at];
    // It is shorter than it was.
    if (window.byteLength < blobHeaderBytes) return;
    const header = readBlobHeader(window, at - windowAt);
    const start = at + blobHeaderBytes;
    if (header !== undefined && start + header.bytes <= fileBytes) {
      yield { ...header, start };
      at = start + header.bytes;
    } else {
      const next = window.indexOf(magic, at - windowAt + 1);
      // One that begins at the window's edge is seen whole in the next.
      at = next >= 0 ? windowAt + next : Math.max(at + 1, windowAt + window.byteLength - blobHeaderBytes + 1);
    }
  }
}

async function readWindow(disk: Disk, path: string, from: number, fileBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of disk.read(path, from, Math.min(fileBytes, from + windowBytes))) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}
