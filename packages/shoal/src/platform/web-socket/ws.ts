import type { WebSocketLike } from "@shoal/cluster";
import { WebSocket } from "ws";

/** A handshake that takes longer than this is none. */
const handshakeMs = 15_000;
/** A frame of the protocol, and no more. */
const maxPayload = 33 * 2 ** 20;

/** On Node: the floor, Node 20, has no WebSocket of its own. */
export function openWebSocket(url: string): WebSocketLike {
  return new WebSocket(url, { perMessageDeflate: false, handshakeTimeout: handshakeMs, maxPayload }) as unknown as WebSocketLike;
}
