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
 * All of a frame but its payload. A frame is `[u32 LE header length][JSON header][payload]`; the header ends with spaces, so that the payload begins at a multiple of 8, and an empty payload is none.
 */
export function encodeHead(header: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(Math.ceil((lengthBytes + header.byteLength) / alignment) * alignment);
  new DataView(head.buffer).setUint32(0, head.byteLength - lengthBytes, true);
  head.set(header, lengthBytes);
  head.fill(space, lengthBytes + header.byteLength);
  return head;
}

export function joinFrame(head: Uint8Array<ArrayBuffer>, payload?: Uint8Array): Uint8Array<ArrayBuffer> {
  if (payload === undefined || payload.byteLength === 0) return head;
  const frame = new Uint8Array(head.byteLength + payload.byteLength);
  frame.set(head);
  frame.set(payload, head.byteLength);
  return frame;
}

/**
 * A frame that came in fragments. Where its payload is one of its own, as `SocketChannel` sends it, nothing large is copied. Header and payload may be views of buffers that others
 * have no part in. @throws `bad-message`, `message-too-large`
 */
export function decodeFragments(fragments: readonly Uint8Array[], limits: Pick<ConnectionLimits, "frameBytes" | "resultHeaderBytes"> = defaultConnectionLimits): Frame {
  const [head, payload] = fragments;
  if (fragments.length === 1 && head !== undefined) return decodeFrame(owned(head), limits);
  if (fragments.length === 2 && head !== undefined && payload !== undefined && head.byteLength >= lengthBytes && lengthOf(head) === head.byteLength - lengthBytes) {
    if (head.byteLength + payload.byteLength > limits.frameBytes) throw tooLarge(`A message has ${head.byteLength + payload.byteLength} bytes, and ${limits.frameBytes} are allowed.`);
    return { ...decodeFrame(head, limits), payload: payload.byteLength === 0 ? undefined : owned(payload) };
  }
  const bytes = fragments.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (bytes > limits.frameBytes) throw tooLarge(`A message has ${bytes} bytes, and ${limits.frameBytes} are allowed.`);
  const frame = new Uint8Array(bytes);
  let at = 0;
  for (const fragment of fragments) {
    frame.set(fragment, at);
    at += fragment.byteLength;
  }
  return decodeFrame(frame, limits);
}

/** A small one lies anywhere in what a socket read at once: that is not kept for it, and numbers could not lie there. */
function owned(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? new Uint8Array(bytes.buffer) : new Uint8Array(bytes);
}

function lengthOf(head: Uint8Array): number {
  return new DataView(head.buffer, head.byteOffset, lengthBytes).getUint32(0, true);
}

/** Views of the frame's bytes; nothing is copied. @throws `bad-message`, `message-too-large` */
export function decodeFrame(frame: Uint8Array, limits: Pick<ConnectionLimits, "frameBytes" | "resultHeaderBytes"> = defaultConnectionLimits): Frame {
  if (frame.byteLength > limits.frameBytes) throw tooLarge(`A message has ${frame.byteLength} bytes, and ${limits.frameBytes} are allowed.`);
  if (frame.byteLength < lengthBytes) throw badMessage(`A message of ${frame.byteLength} bytes is no message.`);
  const length = lengthOf(frame);
  if (length > limits.resultHeaderBytes) throw tooLarge(`A message's header has ${length} bytes, and ${limits.resultHeaderBytes} are allowed.`);
  if (lengthBytes + length > frame.byteLength) throw badMessage(`A message ends before its header does: ${frame.byteLength} bytes, and a header of ${length}.`);
  const header = frame.subarray(lengthBytes, lengthBytes + length);
  return { header, payload: lengthBytes + length === frame.byteLength ? undefined : frame.subarray(lengthBytes + length) };
}

export function tooLarge(message: string): ShoalError {
  return new ShoalError("message-too-large", message, { hint: "Make blocks smaller, or update the other side." });
}
