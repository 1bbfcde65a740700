import { ShoalError, type Clock } from "@shoal/core";
import type { Channel } from "../connection/channel.ts";
import { protocolVersion, type GatewayToWorker, type Welcome, type WorkerToGateway } from "../connection/messages.ts";
import type { AgentParts } from "./agent.ts";
import { backOffMs } from "../connection/back-off.ts";

/** What the other side says once it has taken the connection. */
export type GatewayMessage = Exclude<GatewayToWorker, { kind: "welcome" | "bye" | "heard" }>;

export interface LinkEvents {
  readonly onConnecting: () => void;
  readonly onWelcome: (welcome: Welcome) => void;
  readonly onMessage: (message: GatewayMessage, payload: Uint8Array | undefined) => void;
  /** A connection was lost, or could not be had; the next is tried after `retryMs`. */
  readonly onLost: (error: ShoalError, retryMs: number) => void;
  /** Bytes of rows that were announced and have not come. */
  readonly awaitedBytes: () => number;
}

/** Without a welcome for this long, the other side is taken for dead. */
const handshakeMs = 20_000;
/** A connection that lived this long was a good one: the next failure is a first one. */
const goodAfterMs = 10_000;
/** Beats are answered. Without an answer to three of them, and for this long, the connection is dead: a gateway that stands still for longer leads no more. */
const silentMs = 15_000;
const fewestMissed = 3;
/** Answers wait behind the rows of blocks, which may come by a network as slow as this. */
const slowestBytesPerMs = 64;

type LinkParts = Pick<AgentParts, "dial" | "name" | "token" | "random"> & { readonly clock: Clock };
type Ended = { readonly error: ShoalError; readonly again: boolean };

/** The way to the coordinator: dials, says hello, and dials again when the connection is lost, for as long as it is let. */
export class GatewayLink {
  readonly #parts: LinkParts;
  readonly #traits: () => AgentParts["traits"];
  readonly #events: LinkEvents;
  #channel: Channel<WorkerToGateway, GatewayToWorker> | undefined;
  #welcome: Welcome | undefined;
  /** Messages that came. */
  #heard = 0;

  constructor(parts: LinkParts, traits: () => AgentParts["traits"], events: LinkEvents) {
    this.#parts = parts;
    this.#traits = traits;
    this.#events = events;
  }

  get connected(): boolean {
    return this.#channel !== undefined;
  }

  /** Bytes that are still on their way. */
  get bufferedBytes(): number {
    return this.#channel?.bufferedBytes ?? 0;
  }

  /** Of the last connection that was taken. */
  get welcome(): Welcome | undefined {
    return this.#welcome;
  }

  /** What is sent while there is no connection is lost. */
  send(message: WorkerToGateway, payload?: Uint8Array): void {
    this.#channel?.send(message, payload);
  }

  /** Keeps a connection until the signal is aborted. @throws what the coordinator refuses this worker for, for good */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#parts;
    for (let failures = 0; !signal.aborted; ) {
      this.#events.onConnecting();
      const began = clock.now();
      const { error, again } = await this.#connect(signal);
      if (signal.aborted) return;
      if (!again) throw error;
      failures = this.#welcome !== undefined && clock.now() - began >= goodAfterMs ? 1 : failures + 1;
      const retryMs = backOffMs(failures, random);
      this.#events.onLost(error, retryMs);
      await clock.sleep(retryMs, signal).catch(() => {});
    }
  }

  /** One connection, from its dialling to its end. */
  async #connect(signal: AbortSignal): Promise<Ended> {
    let channel: Channel<WorkerToGateway, GatewayToWorker>;
    try {
      channel = await this.#parts.dial(signal);
    } catch (error) {
      return { error: ShoalError.from(error, "unreachable"), again: !isRefusal(error) };
    }
    const over = new AbortController();
    try {
      return await new Promise<Ended>((resolve) => {
        const drop = (error: ShoalError): void => resolve({ error, again: true });
        signal.addEventListener("abort", () => drop(ShoalError.from(signal.reason)), { once: true, signal: over.signal });
        channel.listen({
          message: (message, payload) => {
            if (over.signal.aborted) return;
            this.#heard++;
            if (message.kind === "bye") resolve({ error: ShoalError.fromData(message.error), again: message.again });
            else if (message.kind === "welcome") {
              if (this.#channel === undefined) void this.#mind(message.beatMs, drop, over.signal);
              this.#welcomed(channel, message);
            } else if (message.kind !== "heard" && this.#channel === channel) this.#events.onMessage(message, payload);
          },
          closed: (reason) => resolve({ error: reason ?? unreachable("The coordinator closed the connection."), again: reason?.code !== "protocol-mismatch" }),
        });
        channel.send(this.#hello());
        void this.#parts.clock.sleep(handshakeMs, over.signal).then(
          () => this.#channel !== channel && drop(unreachable(`The coordinator took the connection and said nothing for ${handshakeMs / 1000} s.`)),
          () => {},
        );
        if (signal.aborted) drop(ShoalError.from(signal.reason));
      });
    } finally {
      over.abort();
      this.#channel = undefined;
      channel.close();
    }
  }

  /**
   * A network that lost its way tells neither side. Silence is counted by looks and not by time: whoever was asleep, or busy, has not heard what came meanwhile.
   */
  async #mind(beatMs: number, drop: (error: ShoalError) => void, over: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    for (let missed = 0; !over.aborted; ) {
      const before = this.#heard;
      await clock.sleep(beatMs, over).catch(() => {});
      missed = this.#heard === before ? missed + 1 : 0;
      const patienceMs = silentMs + this.#events.awaitedBytes() / slowestBytesPerMs;
      if (missed >= fewestMissed && missed * beatMs >= patienceMs) drop(unreachable(`The coordinator has said nothing for ${Math.round((missed * beatMs) / 1000)} s.`));
    }
  }

  #hello(): WorkerToGateway {
    const { name, token } = this.#parts;
    const key = this.#welcome?.key;
    return {
      kind: "hello", protocol: protocolVersion, role: "worker", name, worker: this.#traits(),
      ...(key !== undefined ? { key } : token !== undefined ? { token } : {}),
    };
  }

  #welcomed(channel: Channel<WorkerToGateway, GatewayToWorker>, welcome: Welcome): void {
    if (this.#channel === channel) return;
    this.#channel = channel;
    this.#welcome = welcome;
    this.#events.onWelcome(welcome);
  }
}

/** What dialling again can't mend. */
function isRefusal(error: unknown): boolean {
  return ShoalError.is(error) && error.failure === "bug";
}

function unreachable(message: string): ShoalError {
  return new ShoalError("connection-lost", message, { hint: "Nothing needs to be done: it is tried again. See whether the coordinator runs, if it stays so." });
}
