import { ShoalError, type Clock } from "@shoal/core";
import { ArrivingBytes } from "../connection/arriving-bytes.ts";
import { backOffMs } from "../connection/back-off.ts";
import type { Channel } from "../connection/channel.ts";
import { holdConnection, silence, type Connection } from "../connection/hold-connection.ts";
import { protocolVersion, type DriverToGateway, type GatewayToDriver, type Hello, type Welcome } from "../connection/messages.ts";

export type DriverChannel = Channel<DriverToGateway, GatewayToDriver>;

/** Opens a connection to the coordinator. @throws when it can't be had now. */
export type DialGateway = (signal: AbortSignal) => Promise<DriverChannel>;

export interface DriverConnectionParts {
  readonly dial: DialGateway;
  /** The driver's own, and the same when it comes again. */
  readonly name: string;
  readonly token?: string;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  /** A connection on which nothing came for so long, where news are due, is dead. Default one minute. */
  readonly silentMs?: number;
}

export interface DriverConnectionListener {
  /** The gateway has let us in; whatever was said on an earlier connection may be lost. */
  up(welcome: Welcome): void;
  message(message: GatewayToDriver, payload: Uint8Array | undefined): void;
  /** Something is under way of which a gateway tells every second. */
  readonly expectsNews: boolean;
  /** The connection is gone, or can't be had; the next try comes in `retryMs`. */
  down(error: ShoalError, retryMs: number): void;
  /** It will not be let in again. Nothing comes after. */
  refused(error: ShoalError): void;
}

const mostBufferedBytes = 8 * 2 ** 20;
const roomAskedEveryMs = 5;
const lookEveryMs = 10_000;

/** The driver's connection to the gateway: there while somebody holds it, and made anew, ever more slowly, when it is lost. */
export class DriverConnection {
  readonly #parts: DriverConnectionParts;
  readonly #listener: DriverConnectionListener;
  readonly #waiting = new Set<(error: ShoalError | undefined) => void>();
  #holders = 0;
  #loop: AbortController | undefined;
  #channel: DriverChannel | undefined;
  #heardAt = 0;
  /** Let us in again without the invite. */
  #key: string | undefined;
  #refusal: ShoalError | undefined;

  constructor(parts: DriverConnectionParts, listener: DriverConnectionListener) {
    this.#parts = parts;
    this.#listener = listener;
  }

  /** Where messages go now; undefined while there is no connection. */
  get channel(): DriverChannel | undefined {
    return this.#channel;
  }

  get refusal(): ShoalError | undefined {
    return this.#refusal;
  }

  /** Keeps the connection until the returned function is called. */
  hold(): () => void {
    let held = true;
    this.#holders++;
    if (this.#loop === undefined && this.#refusal === undefined) {
      this.#loop = new AbortController();
      void this.#run(this.#loop.signal);
    }
    return () => {
      if (!held) return;
      held = false;
      if (--this.#holders === 0) this.#end();
    };
  }

  /** Says it where there is somebody to hear it. */
  send(message: DriverToGateway, payload?: Uint8Array): void {
    this.#channel?.send(message, payload);
  }

  /** Settles when the connection has taken most of what it was sent: more would only lie in memory, and too much ends it. */
  async room(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted && (this.#channel?.bufferedBytes ?? 0) > mostBufferedBytes) await clock.sleep(roomAskedEveryMs, signal).catch(() => {});
  }

  /** Settles with the next outcome of connecting. @throws why it failed; the signal's reason */
  connected(signal?: AbortSignal): Promise<void> {
    if (this.#channel !== undefined) return Promise.resolve();
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    return new Promise((resolve, reject) => {
      const settle = (error: ShoalError | undefined): void => {
        signal?.removeEventListener("abort", giveUp);
        if (error === undefined) resolve();
        else reject(error);
      };
      const giveUp = (): void => {
        this.#waiting.delete(settle);
        reject(signal?.reason);
      };
      if (signal?.aborted) return giveUp();
      this.#waiting.add(settle);
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  }

  #end(): void {
    this.#loop?.abort(new ShoalError("aborted", "The driver needs the coordinator no more.", { failure: "aborted" }));
    this.#loop = undefined;
    this.#channel?.close();
    this.#channel = undefined;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, random, dial } = this.#parts;
    for (let failures = 0; !signal.aborted; ) {
      const { error, again } = await holdConnection<DriverToGateway, GatewayToDriver>({
        dial, clock, hello: () => this.#hello(),
        onWelcome: (welcome, connection) => {
          failures = 0;
          this.#welcomed(welcome, connection);
        },
        onMessage: (message, payload) => {
          this.#heardAt = clock.now();
          this.#listener.message(message, payload);
        },
      }, signal);
      if (signal.aborted) return;
      this.#channel = undefined;
      if (!again) return this.#refuse(error);
      const retryMs = backOffMs(++failures, random);
      this.#listener.down(error, retryMs);
      this.#tell(error);
      await clock.sleep(retryMs, signal).catch(() => {});
    }
  }

  #refuse(error: ShoalError): void {
    this.#loop = undefined;
    this.#refusal = error;
    this.#listener.refused(error);
    this.#tell(error);
  }

  #tell(error?: ShoalError): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const each of waiting) each(error);
  }

  #hello(): Hello {
    const { name, token } = this.#parts;
    return { kind: "hello", protocol: protocolVersion, role: "driver", name, ...(this.#key !== undefined ? { key: this.#key } : token !== undefined ? { token } : {}) };
  }

  #welcomed(welcome: Welcome, { channel, over, drop }: Connection<DriverToGateway, GatewayToDriver>): void {
    this.#key = welcome.key;
    this.#channel = channel;
    this.#heardAt = this.#parts.clock.now();
    void this.#mind(drop, over);
    this.#listener.up(welcome);
    this.#tell();
  }

  /** A network that lost its way tells neither side: the connection is given up when it has been silent for long. */
  async #mind(drop: (error: ShoalError) => void, over: AbortSignal): Promise<void> {
    const { clock, silentMs = 60_000 } = this.#parts;
    for (const arriving = new ArrivingBytes(); !over.aborted; ) {
      await clock.sleep(Math.min(lookEveryMs, silentMs), over).catch(() => {});
      // A large part on a slow line is life too.
      if (this.#channel !== undefined && arriving.look(this.#channel)) this.#heardAt = clock.now();
      const silentFor = clock.now() - this.#heardAt;
      if (!over.aborted && this.#listener.expectsNews && silentFor > silentMs) drop(silence(silentFor));
    }
  }
}
