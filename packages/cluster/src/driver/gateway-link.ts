import { ShoalError, type Clock } from "@shoal/core";
import type { Channel } from "../connection/channel.ts";
import { protocolVersion, type DriverToGateway, type GatewayToDriver, type Hello, type Welcome } from "../connection/messages.ts";
import { protocolMismatch } from "../connection/protocol-mismatch.ts";
import { backOffMs } from "../connection/back-off.ts";

export type DriverChannel = Channel<DriverToGateway, GatewayToDriver>;

/** Opens a connection to the coordinator. @throws when it can't be had now. */
export type DialGateway = (signal: AbortSignal) => Promise<DriverChannel>;

export interface LinkParts {
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

export interface LinkListener {
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

/** A gateway that was reached and says nothing. */
const welcomeWithinMs = 20_000;

/** The driver's connection to the gateway: there while somebody holds it, and made anew, ever more slowly, when it is lost. */
export class GatewayLink {
  readonly #parts: LinkParts;
  readonly #listener: LinkListener;
  readonly #waiting = new Set<(error: ShoalError | undefined) => void>();
  #holders = 0;
  #loop: AbortController | undefined;
  #channel: DriverChannel | undefined;
  /** Let us in again without the invite. */
  #key: string | undefined;
  #refusal: ShoalError | undefined;

  constructor(parts: LinkParts, listener: LinkListener) {
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

  /** Settles with the next outcome of connecting. @throws why it failed. */
  connected(): Promise<void> {
    if (this.#channel !== undefined) return Promise.resolve();
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    return new Promise((resolve, reject) => {
      this.#waiting.add((error) => (error === undefined ? resolve() : reject(error)));
    });
  }

  #end(): void {
    this.#loop?.abort(new ShoalError("aborted", "The driver needs the coordinator no more.", { failure: "aborted" }));
    this.#loop = undefined;
    this.#channel?.close();
    this.#channel = undefined;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#parts;
    for (let failures = 0; !signal.aborted; ) {
      const ended = await this.#connect(signal, () => (failures = 0));
      if (signal.aborted) return;
      this.#channel = undefined;
      if (ended.final) return this.#refuse(ended.error);
      const retryMs = backOffMs(++failures, random);
      this.#listener.down(ended.error, retryMs);
      this.#tell(ended.error);
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

  /** One connection, from dialling to its end, which it settles with. */
  async #connect(signal: AbortSignal, onUp: () => void): Promise<Ended> {
    const { dial, name, token, clock } = this.#parts;
    let channel: DriverChannel;
    try {
      channel = await dial(signal);
    } catch (error) {
      return { error: ShoalError.from(error), final: isFinal(error) };
    }
    if (signal.aborted) {
      channel.close();
      return { error: connectionLost(), final: false };
    }
    const over = new AbortController();
    let heardAt = clock.now();
    return new Promise<Ended>((resolve) => {
      const end = (error: ShoalError, final = false): void => {
        over.abort();
        resolve({ error, final });
        channel.close();
      };
      signal.addEventListener("abort", () => end(ShoalError.from(signal.reason)), { signal: over.signal });
      channel.listen({
        message: (message, payload) => {
          if (over.signal.aborted) return;
          heardAt = clock.now();
          if (message.kind === "bye") return end(ShoalError.fromData(message.error), !message.again);
          if (message.kind !== "welcome") return this.#channel === channel ? this.#listener.message(message, payload) : undefined;
          if (message.protocol !== protocolVersion) return end(protocolMismatch(message.protocol, "driver"), true);
          this.#key = message.key;
          this.#channel = channel;
          onUp();
          this.#listener.up(message);
          this.#tell();
        },
        closed: (reason) => end(reason ?? connectionLost()),
      });
      channel.send(hello(name, this.#key, token));
      clock.sleep(welcomeWithinMs, over.signal).then(() => (this.#channel === channel ? undefined : end(silent(welcomeWithinMs))), () => {});
      void this.#mind(() => clock.now() - heardAt, (error) => end(error), over.signal);
    });
  }

  /** A network that lost its way tells neither side: the connection is given up when it has been silent for long. */
  async #mind(silentFor: () => number, end: (error: ShoalError) => void, over: AbortSignal): Promise<void> {
    const { clock, silentMs = 60_000 } = this.#parts;
    while (!over.aborted) {
      await clock.sleep(Math.min(lookEveryMs, silentMs), over).catch(() => {});
      if (!over.aborted && this.#listener.expectsNews && silentFor() > silentMs) end(silent(silentFor()));
    }
  }
}

interface Ended {
  readonly error: ShoalError;
  /** Coming again would not help. */
  readonly final: boolean;
}

/** What a dialler knows to be so for good: it is neither a matter of time nor of the network. */
function isFinal(error: unknown): boolean {
  return ShoalError.is(error) && error.failure === "bug";
}

function hello(name: string, key: string | undefined, token: string | undefined): Hello {
  return { kind: "hello", protocol: protocolVersion, role: "driver", name, ...(key !== undefined ? { key } : token !== undefined ? { token } : {}) };
}

export function connectionLost(): ShoalError {
  return new ShoalError("connection-lost", "The connection to the coordinator broke.", { hint: "Check that the coordinator runs and that the network is there; nothing is lost, and it is tried again.", failure: "worker-lost" });
}

function silent(ms: number): ShoalError {
  return new ShoalError("connection-lost", `The coordinator said nothing for ${Math.round(ms / 1000)} s.`, { hint: "Check that the link leads to a Shoal coordinator, and the network in between.", failure: "worker-lost" });
}
