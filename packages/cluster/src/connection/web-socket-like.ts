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

/** A socket of `ws` itself, and not of what Bun has in its place: it hands over messages in the fragments that they came in, and sends such. Whoever opened it says so. */
export interface FragmentSocket extends WebSocketLike {
  readonly fragments: true;
  /** With `fin: false` more of the same message follows. */
  send(data: Uint8Array<ArrayBuffer>, options?: { readonly fin: boolean }): void;
}

/** Marks a socket of `ws`. */
export function inFragments(socket: WebSocketLike): FragmentSocket {
  return Object.assign(socket, { fragments: true as const });
}

export function isInFragments(socket: WebSocketLike): socket is FragmentSocket {
  return "fragments" in socket;
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
