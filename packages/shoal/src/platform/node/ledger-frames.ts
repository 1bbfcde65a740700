import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { jsonSafe } from "@shoal/core";

// A ledger is one file of frames, written one after another: a record as JSON, and the block that belongs to it. Each part has a digest of
// its own, so that records can be read without their blocks, and whatever a crash has left torn is known for that.

const magic = 0x31_4c_48_53; // "SHL1"
const digestBytes = 16;
const headBytes = 12 + 2 * digestBytes;
/** A record holds dead letters too; what is larger is no record. */
const mostRecordBytes = 2 ** 28;

export interface Frame {
  readonly json: unknown;
  /** Where the block begins in the file, and how long it is. */
  readonly at: number;
  readonly bytes: number;
  readonly digest: Buffer;
  /** Where the next frame begins. */
  readonly end: number;
}

/** The first part of a frame; the block's bytes follow it. */
export function frameHead(json: unknown, block: Uint8Array): Buffer {
  const record = Buffer.from(JSON.stringify(json, jsonSafe));
  const head = Buffer.alloc(headBytes);
  head.writeUInt32LE(magic, 0);
  head.writeUInt32LE(record.byteLength, 4);
  head.writeUInt32LE(block.byteLength, 8);
  digest(block).copy(head, 12);
  digest(head.subarray(0, 12 + digestBytes), record).copy(head, 12 + digestBytes);
  return Buffer.concat([head, record]);
}

/** The frame that begins here; undefined where there is none, or a torn one. */
export async function readFrame(file: FileHandle, at: number, size: number): Promise<Frame | undefined> {
  const head = await readBytes(file, at, headBytes);
  if (head === undefined || head.readUInt32LE(0) !== magic) return undefined;
  const [recordBytes, bytes] = [head.readUInt32LE(4), head.readUInt32LE(8)];
  const blockAt = at + headBytes + recordBytes;
  if (recordBytes > mostRecordBytes || blockAt + bytes > size) return undefined;
  const record = await readBytes(file, at + headBytes, recordBytes);
  if (record === undefined || !digest(head.subarray(0, 12 + digestBytes), record).equals(head.subarray(12 + digestBytes))) return undefined;
  return { json: JSON.parse(record.toString("utf8")) as unknown, at: blockAt, bytes, digest: Buffer.from(head.subarray(12, 12 + digestBytes)), end: blockAt + bytes };
}

/** The block of a frame; undefined when it is not what was written. */
export async function readBlock(file: FileHandle, frame: Frame): Promise<Uint8Array | undefined> {
  const block = await readBytes(file, frame.at, frame.bytes);
  return block !== undefined && digest(block).equals(frame.digest) ? new Uint8Array(block.buffer as ArrayBuffer, block.byteOffset, block.byteLength) : undefined;
}

async function readBytes(file: FileHandle, at: number, length: number): Promise<Buffer | undefined> {
  // Its own memory, from the start of it: columns of a block are views of it.
  const bytes = Buffer.from(new ArrayBuffer(length));
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, at + done);
    if (bytesRead === 0) return undefined;
    done += bytesRead;
  }
  return bytes;
}

function digest(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest().subarray(0, digestBytes);
}
