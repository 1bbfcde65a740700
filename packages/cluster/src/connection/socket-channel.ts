import { ShoalError, type Clock } from "@shoal/core";
import { badMessage } from "./bad-message.ts";
import type { SaidBy, Side, TakenBy } from "./channel-side.ts";
import type { Channel, ChannelListener } from "./channel.ts";
import { encodeMessage, encodeMessageHead } from "./encode-message.ts";
import { joinFrame } from "./frames.ts";
import { defaultConnectionLimits, type ConnectionLimits } from "./limits.ts";
import { MessageReader, type Message } from "./message-reader.ts";
import type { Bye } from "./messages.ts";
import { hasLeft } from "./own-blocks.ts";
import { TokenBucket } from "./token-bucket.ts";
import { connecting, ended, open, isInFragments, refused, type SocketClose, type SocketMessage, type WebSocketLike } from "./web-socket-like.ts";

export interface SocketChannelOptions<S extends Side> {
  /** Who stands at this end: says what may come in. */
  readonly side: S;
  readonly clock: Pick<Clock, "now">;
  readonly limits?: Partial<ConnectionLimits>;
  /** Names the other side in errors, as in `worker at 192.168.1.7`. */
  readonly label?: string;
  /** Called with the code of the error for which this end closes the connection. */
  readonly onRefused?: (code: string) => void;
}

/** Smaller ones are copied behind their headers, which costs less than a fragment. */
const leastFragmentBytes = 1 << 15;

/** Whether coming again may help the other side. */
const again: ReadonlySet<string> = new Set(["too-many-messages", "slow-reader", "unexpected"]);

/**
 * A link over a WebSocket, open or still connecting: one binary message for each. What comes in is checked before anybody sees it; for what is wrong
 * with it the other side is told `bye`, and the link closes with `bad-message`, `message-too-large`, `protocol-mismatch`, `too-many-messages` or `slow-reader`.
 */
export function socketChannel<S extends Side>(socket: WebSocketLike, options: SocketChannelOptions<S>): Channel<SaidBy[S], TakenBy[S]> {
  return new SocketChannel(socket, options);
}

class SocketChannel<S extends Side> implements Channel<SaidBy[S], TakenBy[S]> {
  readonly #socket: WebSocketLike;
  readonly #options: SocketChannelOptions<S>;
  readonly #limits: ConnectionLimits;
  readonly #reader: MessageReader<S>;
  readonly #messages: TokenBucket;
  readonly #bytes: TokenBucket;
  #listener: ChannelListener<TakenBy[S]> | undefined;
  /** Came before there was a listener. */
  #early: Message<TakenBy[S]>[] = [];
  /** Was sent before the socket was open. */
  #unsent: Uint8Array<ArrayBuffer>[] = [];
  #unsentBytes = 0;
  #isClosed = false;
  #reason: ShoalError | undefined;
  #isTold = false;
  /** What the socket's `error` said. */
  #broken: object | undefined;

  constructor(socket: WebSocketLike, options: SocketChannelOptions<S>) {
    [this.#socket, this.#options] = [socket, options];
    const limits = (this.#limits = { ...defaultConnectionLimits, ...options.limits });
    this.#reader = new MessageReader(options.side, limits);
    const now = options.clock.now();
    this.#messages = new TokenBucket(limits.messagesPerSecond, limits.messageBurst, now);
    this.#bytes = new TokenBucket(limits.bytesPerSecond, limits.byteBurst, now);
    socket.binaryType = isInFragments(socket) ? "fragments" : "arraybuffer";
    socket.addEventListener("open", () => this.#flush());
    socket.addEventListener("message", (event) => this.#take((event as SocketMessage).data));
    socket.addEventListener("close", (event) => this.#end(this.#whyClosed(event as SocketClose)));
    // A close follows, and says that it broke; what the error says is more.
    socket.addEventListener("error", (event) => {
      this.#broken ??= event;
    });
    if (socket.readyState > open) queueMicrotask(() => this.#end(this.#lost("it was closed before it was used")));
  }

  get bufferedBytes(): number {
    return this.#unsentBytes + this.#socket.bufferedAmount;
  }

  get receivedBytes(): number | undefined {
    return this.#socket.bytesRead?.();
  }

  send(header: SaidBy[S], payload?: Uint8Array): void {
    if (this.#isClosed) return;
    const payloadBytes = payload?.byteLength ?? 0;
    let head;
    try {
      head = encodeMessageHead(header, payloadBytes, this.#limits);
    } catch (error) {
      return this.#refuse(ShoalError.from(error));
    }
    const { bufferedBytes } = this;
    if (bufferedBytes + head.byteLength + payloadBytes > this.#limits.bufferedBytes && bufferedBytes > 0) return this.#tooSlow();
    if (payload !== undefined) hasLeft(payload);
    if (payload === undefined || payloadBytes < leastFragmentBytes || !isInFragments(this.#socket)) return this.#write(joinFrame(head, payload));
    this.#write(head, payload as Uint8Array<ArrayBuffer>);
  }

  close(): void {
    this.#early = [];
    this.#close(ended);
    this.#end(undefined);
  }

  listen(listener: ChannelListener<TakenBy[S]>): void {
    if (this.#listener !== undefined) throw new ShoalError("bad-channel", "This channel has a listener already.", { hint: "Listen once, and hand what comes to whoever wants it.", failure: "bug" });
    this.#listener = listener;
    for (let message = this.#early.shift(); message !== undefined; message = this.#early.shift()) this.#hand(message);
    if (this.#isClosed) this.#tellClosed();
  }

  /** @param rest of the frame: it goes out from where it lies */
  #write(frame: Uint8Array<ArrayBuffer>, rest?: Uint8Array<ArrayBuffer>): void {
    const socket = this.#socket;
    if (socket.readyState === open) {
      try {
        if (rest === undefined || !isInFragments(socket)) return socket.send(joinFrame(frame, rest));
        socket.send(frame, { fin: false });
        socket.send(rest, { fin: true });
      } catch (error) {
        // Of a socket that broke and has not said so yet.
        this.#end(this.#lost(ShoalError.from(error).message));
      }
    } else if (socket.readyState === connecting) {
      const whole = joinFrame(frame, rest);
      this.#unsent.push(whole);
      this.#unsentBytes += whole.byteLength;
    }
  }

  #flush(): void {
    this.#unsentBytes = 0;
    for (const frame of this.#unsent.splice(0)) this.#write(frame);
    if (this.#isClosed) this.#close(ended);
  }

  #take(data: unknown): void {
    if (this.#isClosed) return;
    try {
      const fragments = this.#fragmentsOf(data);
      const now = this.#options.clock.now();
      let bytes = 0;
      for (const { byteLength } of fragments) bytes += byteLength;
      if (!this.#messages.take(1, now) || !this.#bytes.take(bytes, now)) {
        throw new ShoalError("too-many-messages", `More than ${this.#limits.messagesPerSecond} messages or ${this.#limits.bytesPerSecond} bytes a second came.`, { hint: "Use larger blocks." });
      }
      const { header, payload } = this.#reader.readFragments(fragments);
      if (header.kind === "bye" && this.#options.side === "gateway") return this.#left(header);
      const message = { header: header as TakenBy[S], payload };
      if (this.#listener === undefined) this.#early.push(message);
      else this.#hand(message);
    } catch (error) {
      this.#refuse(ShoalError.from(error));
    }
  }

  #fragmentsOf(data: unknown): readonly Uint8Array[] {
    if (data instanceof ArrayBuffer) return [new Uint8Array(data)];
    if (isInFragments(this.#socket) && Array.isArray(data)) return data as readonly Uint8Array[];
    throw badMessage("A message is text, and all messages are binary.");
  }

  /** A worker or driver that can't go on says why. */
  #left({ error }: Bye): void {
    this.#close(ended);
    this.#end(ShoalError.fromData(error));
  }

  #hand({ header, payload }: Message<TakenBy[S]>): void {
    try {
      this.#listener?.message(header, payload);
    } catch (error) {
      this.#refuse(ShoalError.from(error));
    }
  }

  /** Says what was wrong, and ends it. */
  #refuse(error: ShoalError): void {
    if (this.#isClosed) return;
    this.#write(encodeMessage({ kind: "bye", error: error.toData(), again: again.has(error.code) }));
    this.#close(refused);
    this.#options.onRefused?.(error.code);
    this.#end(error);
  }

  /** What waits to be sent would wait for as long as the other side likes: it is dropped where the socket can do that. */
  #tooSlow(): void {
    const error = new ShoalError("slow-reader", `${this.#name} does not take what it is sent: ${this.bufferedBytes} bytes wait, and ${this.#limits.bufferedBytes} may.`, {
      hint: "See whether its network or its machine is overloaded; it may connect again.",
    });
    this.#options.onRefused?.(error.code);
    if (this.#socket.terminate === undefined) this.#close(refused);
    else this.#socket.terminate();
    this.#end(error);
  }

  #close(code: number): void {
    // What was sent while it was connecting still goes.
    if (this.#socket.readyState === connecting && this.#unsent.length > 0) return;
    this.#socket.close(code);
  }

  #end(reason: ShoalError | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#reason = reason;
    if (this.#listener !== undefined) queueMicrotask(() => this.#tellClosed());
  }

  #tellClosed(): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#listener?.closed(this.#reason);
  }

  #whyClosed({ code, reason }: SocketClose): ShoalError | undefined {
    // 1001: a tab or a server went away; 1005: closed without a code.
    if (code === ended || code === refused || code === 1001 || code === 1005) return undefined;
    if (code === 1009) return new ShoalError("message-too-large", `${this.#name} does not take messages as large as one that was sent.`, { hint: "Make blocks smaller." });
    return this.#lost(this.#broken === undefined ? `it broke off (code ${code}${reason === "" ? "" : `: ${reason}`})` : wordsOf(this.#broken));
  }

  #lost(why: string): ShoalError {
    return new ShoalError("connection-lost", `The connection to ${this.#name} was lost: ${why}.`, { failure: "worker-lost", hint: "Connect again." });
  }

  get #name(): string {
    return this.#options.label ?? "the other side";
  }
}

function wordsOf(event: object): string {
  const { message, error } = event as { readonly message?: unknown; readonly error?: unknown };
  if (typeof message === "string" && message !== "") return message;
  return error instanceof Error ? error.message : "it broke off";
}
