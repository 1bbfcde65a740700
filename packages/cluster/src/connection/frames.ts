import { ShoalError } from "@shoal/core";
import { badMessage } from "./bad-message.ts";
import { defaultConnectionLimits, type ConnectionLimits } from "./limits.ts";

/** A message as it travels: its header as bytes of JSON, and its payload. */
export interface Frame {
  readonly header: Uint8Array;
  readonly payload: Uint8Array | undefined;
}

/** Arrow lays arrays of 64-bit numbers over a payload, which must begin where they can lie. */
const alignment = 8;
const lengthBytes = 4;
const space = 0x20;

/**
 * `[u32 LE header length][JSON header][payload]`. The header ends with spaces, so that the payload begins at a multiple of 8; an empty payload is none.
 */
export function encodeFrame(header: Uint8Array, payload?: Uint8Array): Uint8Array<ArrayBuffer> {
  const start = Math.ceil((lengthBytes + header.byteLength) / alignment) * alignment;
  const frame = new Uint8Array(start + (payload?.byteLength ?? 0));
  new DataView(frame.buffer).setUint32(0, start - lengthBytes, true);
  frame.set(header, lengthBytes);
  frame.fill(space, lengthBytes + header.byteLength, start);
  if (payload !== undefined) frame.set(payload, start);
  return frame;
}

/** Views of the frame's bytes; nothing is copied. @throws `bad-message`, `message-too-large` */
export function decodeFrame(frame: Uint8Array, limits: Pick<ConnectionLimits, "frameBytes" | "resultHeaderBytes"> = defaultConnectionLimits): Frame {
  if (frame.byteLength > limits.frameBytes) throw tooLarge(`A message has ${frame.byteLength} bytes, and ${limits.frameBytes} are allowed.`);
  if (frame.byteLength < lengthBytes) throw badMessage(`A message of ${frame.byteLength} bytes is no message.`);
  const length = new DataView(frame.buffer, frame.byteOffset, lengthBytes).getUint32(0, true);
  if (length > limits.resultHeaderBytes) throw tooLarge(`A message's header has ${length} bytes, and ${limits.resultHeaderBytes} are allowed.`);
  if (lengthBytes + length > frame.byteLength) throw badMessage(`A message ends before its header does: ${frame.byteLength} bytes, and a header of ${length}.`);
  const header = frame.subarray(lengthBytes, lengthBytes + length);
  return { header, payload: lengthBytes + length === frame.byteLength ? undefined : frame.subarray(lengthBytes + length) };
}

export function tooLarge(message: string): ShoalError {
  return new ShoalError("message-too-large", message, { hint: "Make blocks smaller, or update the other side." });
}
