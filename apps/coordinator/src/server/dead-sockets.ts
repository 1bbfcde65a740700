import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import type { Clock } from "@shoal/core";

const lookEveryMs = 5_000;
/** So many looks in a row at which nothing had come, not even the answer to a ping. */
const mostMissed = 4;

/**
 * Cuts connections that died without a word: a machine that lost its power, a network that lost its way. Bytes count and not messages, for a large one takes
 * its time. Every WebSocket answers pings by itself.
 */
export class DeadSockets {
  readonly #watched = new Map<WebSocket, { readonly socket: Duplex; readBytes: number; missed: number }>();

  constructor(clock: Clock, signal: AbortSignal) {
    void this.#lookAround(clock, signal);
  }

  watch(webSocket: WebSocket, socket: Duplex): void {
    this.#watched.set(webSocket, { socket, readBytes: 0, missed: 0 });
    webSocket.once("close", () => this.#watched.delete(webSocket));
  }

  async #lookAround(clock: Clock, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(lookEveryMs, signal).catch(() => {});
      if (!signal.aborted) for (const [webSocket, watched] of this.#watched) this.#look(webSocket, watched);
    }
  }

  #look(webSocket: WebSocket, watched: { readonly socket: Duplex; readBytes: number; missed: number }): void {
    const { bytesRead = 0 } = watched.socket as { readonly bytesRead?: number };
    watched.missed = bytesRead === watched.readBytes ? watched.missed + 1 : 0;
    watched.readBytes = bytesRead;
    if (watched.missed >= mostMissed) webSocket.terminate();
    else if (watched.missed > 0 && webSocket.readyState === webSocket.OPEN) webSocket.ping();
  }
}
