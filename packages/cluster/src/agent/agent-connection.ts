import type { Clock, ShoalError } from "@shoal/core";
import { ArrivingBytes } from "../connection/arriving-bytes.ts";
import { backOffMs } from "../connection/back-off.ts";
import type { Channel } from "../connection/channel.ts";
import { holdConnection, silence, type Connection } from "../connection/hold-connection.ts";
import { protocolVersion, type GatewayToWorker, type Hello, type Welcome, type WorkerToGateway } from "../connection/messages.ts";
import type { AgentParts } from "./agent.ts";

/** What the other side says once it has taken the connection. */
export type GatewayMessage = Exclude<GatewayToWorker, { kind: "welcome" | "bye" | "heard" }>;

export interface AgentConnectionEvents {
  readonly onConnecting: () => void;
  readonly onWelcome: (welcome: Welcome) => void;
  readonly onMessage: (message: GatewayMessage, payload: Uint8Array | undefined) => void;
  /** A connection was lost, or could not be had; the next is tried after `retryMs`. */
  readonly onLost: (error: ShoalError, retryMs: number) => void;
  /** Bytes of rows that were announced and have not come. */
  readonly awaitedBytes: () => number;
  /** Bytes of results that were sent and not answered. */
  readonly unansweredBytes: () => number;
}

/** A connection that lived this long was a good one: the next failure is a first one. */
const goodAfterMs = 10_000;
/** A run that was shared is mostly begun again soon, or not at all: for a while it is looked for more often. */
const soonMs = 120_000;
const longestSoonMs = 10_000;
/** Beats are answered. Without an answer to three of them, and for this long, the connection is dead: a gateway that stands still for longer leads no more. */
const silentMs = 15_000;
const fewestMissed = 3;
/** Answers wait behind the rows of blocks, and beats behind results, which may go by a network as slow as this. */
export const slowestBytesPerMs = 64;
/** Of what is sent so much may lie in between, where nobody sees it: in buffers of this machine and on the way. */
const hiddenBytes = 4 * 2 ** 20;

type AgentConnectionParts = Pick<AgentParts, "dial" | "name" | "token" | "random"> & { readonly clock: Clock };

/** The way to the coordinator: dials, says hello, and dials again when the connection is lost, for as long as it is let. */
export class AgentConnection {
  readonly #parts: AgentConnectionParts;
  readonly #traits: () => AgentParts["traits"];
  readonly #events: AgentConnectionEvents;
  #channel: Channel<WorkerToGateway, GatewayToWorker> | undefined;
  #welcome: Welcome | undefined;
  /** Messages that came. */
  #heard = 0;

  constructor(parts: AgentConnectionParts, traits: () => AgentParts["traits"], events: AgentConnectionEvents) {
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
    const { clock, random, dial } = this.#parts;
    let stoodUntil = -Infinity;
    for (let failures = 0; !signal.aborted; ) {
      this.#events.onConnecting();
      const began = clock.now();
      let stood = false;
      const { error, again } = await holdConnection<WorkerToGateway, GatewayToWorker>({
        dial, clock, hello: () => this.#hello(),
        onWelcome: (welcome, connection) => {
          stood = true;
          this.#welcomed(welcome, connection);
        },
        onMessage: (message, payload) => {
          this.#heard++;
          if (message.kind !== "heard") this.#events.onMessage(message, payload);
        },
      }, signal);
      this.#channel = undefined;
      if (signal.aborted) return;
      if (!again) throw error;
      failures = this.#welcome !== undefined && clock.now() - began >= goodAfterMs ? 1 : failures + 1;
      if (stood) stoodUntil = clock.now();
      const retryMs = backOffMs(failures, random, clock.now() - stoodUntil < soonMs ? longestSoonMs : undefined);
      this.#events.onLost(error, retryMs);
      await clock.sleep(retryMs, signal).catch(() => {});
    }
  }

  /**
   * A network that lost its way tells neither side. Silence is counted by looks and not by time: whoever was asleep, or busy, has not heard what came meanwhile.
   */
  async #mind(beatMs: number, drop: (error: ShoalError) => void, over: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const arriving = new ArrivingBytes();
    for (let missed = 0; !over.aborted; ) {
      const before = this.#heard;
      await clock.sleep(beatMs, over).catch(() => {});
      const isArriving = this.#channel !== undefined && arriving.look(this.#channel);
      missed = this.#heard === before && !isArriving ? missed + 1 : 0;
      const { awaitedBytes, unansweredBytes } = this.#events;
      const onTheWay = awaitedBytes() + Math.min(unansweredBytes(), this.bufferedBytes + hiddenBytes);
      const patienceMs = silentMs + 1000 * Math.floor(onTheWay / slowestBytesPerMs / 1000);
      if (missed >= fewestMissed && missed * beatMs >= patienceMs) drop(silence(missed * beatMs));
    }
  }

  #hello(): Hello {
    const { name, token } = this.#parts;
    const key = this.#welcome?.key;
    return {
      kind: "hello", protocol: protocolVersion, role: "worker", name, worker: this.#traits(),
      ...(key !== undefined ? { key } : token !== undefined ? { token } : {}),
    };
  }

  #welcomed(welcome: Welcome, { channel, over, drop }: Connection<WorkerToGateway, GatewayToWorker>): void {
    this.#channel = channel;
    this.#welcome = welcome;
    void this.#mind(welcome.beatMs, drop, over);
    this.#events.onWelcome(welcome);
  }
}
