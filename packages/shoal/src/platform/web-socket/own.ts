import type { WebSocketLike } from "@shoal/cluster";

/** A WebSocket of the runtime's own: a browser's, Bun's, Deno's. */
export function openWebSocket(url: string): WebSocketLike {
  return new WebSocket(url) as unknown as WebSocketLike;
}
