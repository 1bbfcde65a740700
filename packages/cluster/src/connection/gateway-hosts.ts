import { ShoalError, type Clock } from "@shoal/core";
import type { Channel } from "./channel.ts";
import type { Header } from "./messages.ts";

type DialOne<Sent extends Header, Received extends Header> = (url: string, signal: AbortSignal) => Promise<Channel<Sent, Received>>;

/** A host that says nothing is not waited for, where there are others. */
const patienceMs = 5_000;

/** The gateways that a link names: one chosen by chance, and the next one whenever that can't be had or sends its guests away. */
export class GatewayHosts {
  readonly #urls: readonly string[];
  #at: number;

  /** @param random 0 ≤ x < 1 */
  constructor(urls: readonly [string, ...string[]], random: () => number) {
    this.#urls = [...new Set(urls)];
    this.#at = Math.floor(random() * this.#urls.length);
  }

  /** Of the gateway that one is connected to, or was last: where its files are fetched. */
  get current(): string {
    return this.#urls[this.#at] as string;
  }

  /** Dials the current one; where it can't be had the others, each once. A connection that only broke is made anew to the same one. @throws what the last one was not to be had for; an error of class `bug` at once */
  dial<Sent extends Header, Received extends Header>(one: DialOne<Sent, Received>, clock: Clock): (signal: AbortSignal) => Promise<Channel<Sent, Received>> {
    if (this.#urls.length === 1) return (signal) => one(this.current, signal);
    return async (signal) => {
      let error = new ShoalError("unreachable", "No coordinator of the link can be reached.", { hint: "See whether they run." });
      for (let tries = 0; tries < this.#urls.length; tries++) {
        signal.throwIfAborted();
        try {
          return this.#watched(await this.#inTime(one, signal, clock));
        } catch (cause) {
          signal.throwIfAborted();
          error = ShoalError.from(cause);
          if (error.failure === "bug") throw error;
          this.#next();
        }
      }
      throw this.#noneHeard(error);
    };
  }

  /** All were tried: an error that names only the last would have people look at that one alone. */
  #noneHeard(last: ShoalError): ShoalError {
    if (last.code !== "unreachable") return last;
    const { message, hint, failure } = last.toData();
    return new ShoalError("unreachable", `None of the ${this.#urls.length} coordinators that the link names can be reached. ${message}`, { cause: last, ...(failure !== undefined && { failure }), ...(hint !== undefined && { hint }) });
  }

  async #inTime<Sent extends Header, Received extends Header>(one: DialOne<Sent, Received>, signal: AbortSignal, clock: Clock): Promise<Channel<Sent, Received>> {
    const late = new AbortController();
    const over = new AbortController();
    const url = this.current;
    clock.sleep(patienceMs, over.signal).then(() => late.abort(new ShoalError("unreachable", `The coordinator at ${url} does not answer.`, { failure: "worker-lost", hint: "See whether it runs, and whether host and port can be reached from here." })), () => {});
    try {
      return await one(url, AbortSignal.any([signal, late.signal]));
    } finally {
      over.abort();
    }
  }

  /** Whoever is told to go, goes elsewhere. */
  #watched<Sent extends Header, Received extends Header>(channel: Channel<Sent, Received>): Channel<Sent, Received> {
    return {
      send: (header, payload) => channel.send(header, payload),
      get bufferedBytes() {
        return channel.bufferedBytes;
      },
      close: () => channel.close(),
      listen: (listener) => channel.listen({
        message: (header, payload) => {
          if (header.kind === "bye") this.#next();
          listener.message(header, payload);
        },
        closed: (reason) => listener.closed(reason),
      }),
    };
  }

  #next(): void {
    this.#at = (this.#at + 1) % this.#urls.length;
  }
}
