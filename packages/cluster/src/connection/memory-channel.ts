import { ShoalError } from "@shoal/core";
import type { Channel, ChannelListener } from "./channel.ts";
import type { Header } from "./messages.ts";

/**
 * Both ends of a link within one process. Headers and payloads arrive as the very objects that were sent, in order, after the sender's own step has ended.
 * An end that closes hears `closed` too; the other end first gets everything that was sent before.
 */
export function memoryChannel<Up extends Header = Header, Down extends Header = Header>(): [Channel<Up, Down>, Channel<Down, Up>] {
  const near = new MemoryEnd<Up, Down>();
  const far = new MemoryEnd<Down, Up>();
  near.join(far);
  far.join(near);
  return [near, far];
}

const afterThisStep = Promise.resolve();

interface Delivery<Received> {
  readonly header: Received;
  readonly payload: Uint8Array | undefined;
}

class MemoryEnd<Sent extends Header, Received extends Header> implements Channel<Sent, Received> {
  #peer: MemoryEnd<Received, Sent> | undefined;
  #listener: ChannelListener<Received> | undefined;
  #inbox: Delivery<Received>[] = [];
  #inboxBytes = 0;
  #isDelivering = false;
  /** This end is closed: it takes and gives no more. */
  #isClosed = false;
  /** The other end is closed: what is in the inbox is all there will be. */
  #hasEnded = false;
  #reason: ShoalError | undefined;
  readonly #deliverNow = (): void => this.#deliver();

  join(peer: MemoryEnd<Received, Sent>): void {
    this.#peer = peer;
  }

  get bufferedBytes(): number {
    return this.#peer?.inboxBytes ?? 0;
  }

  get inboxBytes(): number {
    return this.#inboxBytes;
  }

  send(header: Sent, payload?: Uint8Array): void {
    if (!this.#isClosed) this.#peer?.take(header, payload);
  }

  close(): void {
    this.#end(undefined);
  }

  listen(listener: ChannelListener<Received>): void {
    if (this.#listener !== undefined) throw new ShoalError("bad-channel", "This channel has a listener already.", { hint: "Listen once, and hand what comes to whoever wants it.", failure: "bug" });
    this.#listener = listener;
    this.#deliverSoon();
  }

  take(header: Received, payload: Uint8Array | undefined): void {
    if (this.#isClosed || this.#hasEnded) return;
    this.#inbox.push({ header, payload });
    this.#inboxBytes += payload?.byteLength ?? 0;
    this.#deliverSoon();
  }

  /** The other end has closed; `reason`: what went wrong there. */
  ended(reason: ShoalError | undefined): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#reason ??= reason;
    this.#deliverSoon();
  }

  #end(reason: ShoalError | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#reason = reason;
    this.#inbox = [];
    this.#inboxBytes = 0;
    this.#peer?.ended(reason);
    this.#deliverSoon();
  }

  #deliverSoon(): void {
    if (this.#isDelivering || this.#listener === undefined) return;
    this.#isDelivering = true;
    // As queueMicrotask, which costs several times as much in Node.
    void afterThisStep.then(this.#deliverNow);
  }

  #deliver(): void {
    const listener = this.#listener as ChannelListener<Received>;
    while (this.#inbox.length > 0 && !this.#isClosed) {
      const deliveries = this.#inbox;
      this.#inbox = [];
      for (const { header, payload } of deliveries) {
        if (this.#isClosed) break;
        this.#inboxBytes -= payload?.byteLength ?? 0;
        try {
          listener.message(header, payload);
        } catch (error) {
          this.#end(ShoalError.from(error));
        }
      }
    }
    this.#isDelivering = false;
    if (!this.#isClosed && !this.#hasEnded) return;
    // Neither end is heard of again.
    this.#isClosed = true;
    this.#isDelivering = true;
    listener.closed(this.#reason);
  }
}
