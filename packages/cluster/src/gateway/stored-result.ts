import { ShoalError, type RowFailure } from "@shoal/core";
import type { ResultStats } from "../connection/messages.ts";

/** What is kept of a result beside its rows, so that a gateway that knows only ledger and blobs can hand it to a driver. */
export interface StoredResult {
  readonly failures: readonly RowFailure[];
  readonly stats: ResultStats;
  readonly worker: string;
}

const alignment = 8;
const lengthBytes = 4;

/** `[u32 LE length][JSON {failures, stats, worker}][Arrow IPC]`; the JSON ends with spaces, so that Arrow's arrays begin where they can lie. */
export function encodeStoredResult(result: StoredResult, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const about = new TextEncoder().encode(JSON.stringify(result));
  const start = Math.ceil((lengthBytes + about.byteLength) / alignment) * alignment;
  const bytes = new Uint8Array(start + payload.byteLength);
  new DataView(bytes.buffer).setUint32(0, start - lengthBytes, true);
  bytes.set(about, lengthBytes);
  bytes.fill(0x20, lengthBytes + about.byteLength, start);
  bytes.set(payload, start);
  return bytes;
}

/** The payload is a view of the bytes. @throws `bad-blob` */
export function decodeStoredResult(bytes: Uint8Array): { readonly result: StoredResult; readonly payload: Uint8Array } {
  try {
    const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
    const result = JSON.parse(new TextDecoder().decode(bytes.subarray(lengthBytes, lengthBytes + length))) as StoredResult;
    return { result, payload: bytes.subarray(lengthBytes + length) };
  } catch (cause) {
    throw new ShoalError("bad-blob", `A blob of ${bytes.byteLength} bytes is no stored result.`, { cause, hint: "Continue the job with the version of Shoal that began it." });
  }
}
