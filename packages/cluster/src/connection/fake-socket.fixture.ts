import type { WebSocketLike } from "./web-socket-like.ts";

type Listener = (event: object) => void;

/** One end of a pair that is a WebSocket to look at; the other side's `take` says what is taken, and when. */
export class FakeSocket implements WebSocketLike {
  binaryType = "blob";
  readyState = 0;
  readonly sent: Uint8Array<ArrayBuffer>[] = [];
  closedWith: number | undefined;
  isTerminated = false;
  readonly #listeners: { readonly type: string; readonly listener: Listener }[] = [];

  get bufferedAmount(): number {
    return this.sent.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  send(data: Uint8Array<ArrayBuffer>): void {
    if (this.readyState === 0) throw new Error("still connecting");
    this.sent.push(data);
  }

  close(code = 1005): void {
    if (code !== 1000 && (code < 3000 || code > 4999)) throw new Error(`a browser does not let a page close with ${code}`);
    this.closedWith ??= code;
    this.readyState = Math.max(this.readyState, 2);
  }

  terminate(): void {
    this.isTerminated = true;
    this.readyState = 3;
  }

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.push({ type, listener });
  }

  open(): void {
    this.readyState = 1;
    this.emit("open", {});
  }

  /** A message comes in. */
  receive(data: Uint8Array | string): void {
    this.emit("message", { data: typeof data === "string" ? data : data.slice().buffer });
  }

  /** The socket is gone. */
  gone(code: number, reason = ""): void {
    this.readyState = 3;
    this.emit("close", { code, reason });
  }

  emit(type: string, event: object): void {
    for (const one of this.#listeners) if (one.type === type) one.listener(event);
  }
}
