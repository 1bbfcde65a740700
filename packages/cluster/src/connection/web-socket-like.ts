/** What every WebSocket has: those of browsers, Node, Bun, Deno, and of `ws`. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: "open" | "message" | "close" | "error", listener: (event: object) => void): void;
  /** Bytes that have come from the network: set where somebody knows the connection beneath. */
  readonly bytesRead?: () => number;
  /** Ends it at once, with what is still to be sent; only `ws` can. */
  terminate?(): void;
}

/** `readyState`. */
export const connecting = 0;
export const open = 1;

/** Codes of a close: all that a browser lets its pages use. */
export const [ended, refused] = [1000, 4000];

export interface SocketMessage {
  readonly data: unknown;
}

export interface SocketClose {
  readonly code: number;
  readonly reason: string;
}
