import { enginePaused } from "@shoal/cluster";
import { ShoalError } from "@shoal/core";
import { apiCode, apiCodes, unreachable } from "./nats-errors.ts";
import { asRefused, type NatsLink } from "./nats-link.ts";
import { deliveryOf, pull } from "./pull.ts";
import { nanos } from "./stream-configs.ts";

export interface StreamMessage {
  readonly seq: number;
  readonly subject: string;
  readonly data: Uint8Array;
}

const batch = 500;
const expiresMs = 5000;
const heartbeatMs = 1000;
const silenceMs = 3 * heartbeatMs;
/** A consumer that nobody reads goes after that. */
const restMs = 30_000;

/** What stands in a stream when it is called, in order. Nothing when there is no such stream. @throws `engine-paused`, `engine-refused`, `engine-closed` */
export async function* replayStream(link: NatsLink, stream: string, fromSeq: number): AsyncGenerator<StreamMessage> {
  // Its leader says how far that is. The consumer may be with a follower, which may be behind, but not for long.
  const info = await link.during(() => link.streamInfo(stream));
  const end = info?.state.last_seq ?? 0;
  if (end === 0 || fromSeq > end) return;
  for await (const message of read(link, stream, fromSeq, undefined, link.options.patienceMs)) {
    yield message;
    if (message.seq >= end) return;
  }
}

/** The same, and then what comes, until the stream is removed or the signal says so. Outlasts outages. @throws `engine-refused`, `engine-closed` */
export function followStream(link: NatsLink, stream: string, fromSeq: number, signal: AbortSignal): AsyncGenerator<StreamMessage> {
  return read(link, stream, fromSeq, signal, Infinity);
}

async function* read(link: NatsLink, stream: string, fromSeq: number, given: AbortSignal | undefined, patienceMs: number): AsyncGenerator<StreamMessage> {
  const scope = link.scope(given);
  try {
    yield* readUntil(link, stream, fromSeq, scope.signal, patienceMs);
  } finally {
    scope.end();
  }
  if (given?.aborted !== true) link.assertOpen();
}

async function* readUntil(link: NatsLink, stream: string, fromSeq: number, signal: AbortSignal, patienceMs: number): AsyncGenerator<StreamMessage> {
  let next = Math.max(1, fromSeq);
  let heardAt = link.clock.now();
  while (!signal.aborted) {
    const consumer = await makeConsumer(link, stream, next, signal, patienceMs);
    if (consumer === undefined) break;
    try {
      let delivered = 0;
      for (let isThere = true; isThere && !signal.aborted; ) {
        const inbox = new Inbox();
        const pulling = pull(link.nc, stream, consumer, { batch, expires: nanos(expiresMs), idle_heartbeat: nanos(heartbeatMs) }, silenceMs, link.clock, (message) => {
          const { streamSeq, consumerSeq } = deliveryOf(message);
          if (consumerSeq === ++delivered) return inbox.put({ seq: streamSeq, subject: message.subject, data: message.data });
          // One is missing: the connection was gone for a moment. A consumer from there on gives it again.
          isThere = false;
          pulling.stop();
        });
        const stop = (): void => pulling.stop();
        signal.addEventListener("abort", stop, { once: true });
        void pulling.ended.then((end) => {
          if (end === "gone") isThere = false;
          inbox.end();
        });
        try {
          for (let message = await inbox.take(); message !== undefined && !signal.aborted; message = await inbox.take()) {
            next = message.seq + 1;
            yield message;
            heardAt = link.clock.now();
          }
        } finally {
          signal.removeEventListener("abort", stop);
          pulling.stop();
        }
        if (link.clock.now() - heardAt > patienceMs) throw enginePaused(unreachable(link.servers));
      }
    } finally {
      // It would go by itself, in a while.
      if (link.isConnected && !link.nc.isClosed()) void link.jsm.consumers.delete(stream, consumer).catch(() => {});
    }
  }
}

/** Undefined when there is no such stream any more, or the signal says that nobody reads. */
async function makeConsumer(link: NatsLink, stream: string, fromSeq: number, signal: AbortSignal, patienceMs: number): Promise<string | undefined> {
  while (!signal.aborted) {
    try {
      const { name } = await link.ask(`read ${stream}`, () =>
        link.jsm.consumers.add(stream, { ack_policy: "none", deliver_policy: "by_start_sequence", opt_start_seq: fromSeq, mem_storage: true, num_replicas: 1, max_deliver: 1, inactive_threshold: nanos(restMs) }));
      return name;
    } catch (error) {
      if (apiCode(error) === apiCodes.streamNotFound) return undefined;
      if (!(ShoalError.is(error, "engine-paused") && patienceMs === Infinity)) throw asRefused(error, `read the stream ${stream}`);
    }
  }
  return undefined;
}

/** What has come and is not read yet. */
class Inbox {
  readonly #messages: StreamMessage[] = [];
  #at = 0;
  #isEnded = false;
  #wake: () => void = () => {};

  put(message: StreamMessage): void {
    this.#messages.push(message);
    this.#wake();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  /** Undefined: that was all. */
  async take(): Promise<StreamMessage | undefined> {
    while (this.#at === this.#messages.length && !this.#isEnded) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#messages[this.#at++];
  }
}
