import { badMessage } from "./bad-message.ts";
import { encodeHead, joinFrame, tooLarge } from "./frames.ts";
import { defaultConnectionLimits, type ConnectionLimits } from "./limits.ts";
import type { Header } from "./messages.ts";
import { travellingError, travellingFailures, withoutPlaces } from "./travelling-error.ts";

const encoder = new TextEncoder();
/** Beside the failures. */
const restOfHeader = 1 << 16;

/**
 * A message as one frame. Errors in it are cut to what the other side takes; anything else that is too large is the sender's fault.
 * @throws `message-too-large`; `bad-message` where the header is no JSON
 */
export function encodeMessage(header: Header, payload?: Uint8Array, limits: ConnectionLimits = defaultConnectionLimits): Uint8Array<ArrayBuffer> {
  return joinFrame(encodeMessageHead(header, payload?.byteLength ?? 0, limits), payload);
}

/** All of that frame but its payload, which follows. @throws as `encodeMessage` */
export function encodeMessageHead(header: Header, payloadBytes: number, limits: ConnectionLimits = defaultConnectionLimits): Uint8Array<ArrayBuffer> {
  const isLong = header.kind === "result" || header.kind === "part";
  const bytes = encoder.encode(stringify(withTravellingErrors(header, limits)));
  const most = isLong ? limits.resultHeaderBytes : limits.headerBytes;
  if (bytes.byteLength > most) throw tooLarge(`The header of a message "${header.kind}" has ${bytes.byteLength} bytes, and ${most} are allowed.`);
  const head = encodeHead(bytes);
  const frameBytes = head.byteLength + payloadBytes;
  if (frameBytes > limits.frameBytes) throw tooLarge(`A message "${header.kind}" has ${frameBytes} bytes, and ${limits.frameBytes} are allowed.`);
  return head;
}

/** With the kind in front: the other side looks at it before it parses. */
function stringify(header: Header): string {
  const { kind, ...rest } = header;
  try {
    return JSON.stringify({ kind, ...rest });
  } catch (cause) {
    throw badMessage(`The header of a message "${kind}" can't become JSON.`, { cause, failure: "bug" });
  }
}

function withTravellingErrors(header: Header, limits: ConnectionLimits): Header {
  const failures = "failures" in header && header.failures.length > 0 ? { failures: travellingFailures(header.failures, limits.resultHeaderBytes - restOfHeader) } : undefined;
  const error = "error" in header && header.error !== undefined ? { error: header.kind === "bye" ? withoutPlaces(travellingError(header.error)) : travellingError(header.error) } : undefined;
  return failures === undefined && error === undefined ? header : { ...header, ...failures, ...error };
}
