import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { createInbox } from "@nats-io/transport-node";
import type { Clock } from "@shoal/core";

export interface PullRequest {
  readonly batch: number;
  /** Gives what there is, and does not wait. */
  readonly no_wait?: boolean;
  /** Nanoseconds. */
  readonly expires?: number;
  readonly idle_heartbeat?: number;
}

/** How a pull ended: all that was asked for came; no more came; the consumer is not there. */
export type PullEnd = "full" | "empty" | "gone";

/**
 * Asks a consumer for messages, and tells of each as it comes. (The client's own `fetch` waits a second where nothing is there.)
 * @param silenceMs without a word for so long, it is over: `gone`
 * @returns how it ended, and what ends it before
 */
export function pull(nc: NatsConnection, stream: string, consumer: string, request: PullRequest, silenceMs: number, clock: Clock, onMessage: (message: Msg) => void): { readonly ended: Promise<PullEnd>; stop(): void } {
  let left = request.batch;
  let settle: (end: PullEnd) => void = () => {};
  const ended = new Promise<PullEnd>((resolve) => (settle = resolve));
  let heardAt = clock.now();
  const over = new AbortController();
  const finish = (end: PullEnd): void => {
    over.abort(ended);
    subscription.unsubscribe();
    settle(end);
  };
  const mindSilence = async (): Promise<void> => {
    for (let leftMs = silenceMs; leftMs > 0; leftMs = heardAt + silenceMs - clock.now()) await clock.sleep(leftMs, over.signal);
    finish("gone");
  };
  const subscription = nc.subscribe(createInbox(), {
    callback: (error, message) => {
      if (error !== null) return finish("gone");
      const status = message.data.length === 0 ? (message.headers?.code ?? 0) : 0;
      heardAt = clock.now();
      if (status === 100) return;
      if (status === 404 || status === 408) return finish("empty");
      // 409 has many meanings: most are that the consumer, its leader or the stream is gone.
      if (status >= 400) return finish(/pending|maxwaiting|batch completed/i.test(message.headers?.description ?? "") ? "empty" : "gone");
      onMessage(message);
      if (--left === 0) finish("full");
    },
  });
  // It is over.
  mindSilence().catch(() => {});
  nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify(request), { reply: subscription.getSubject() });
  return { ended, stop: () => finish("empty") };
}

/** What the reply subject of a delivered message says: `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<time>.<pending>`. */
export function deliveryOf({ reply = "" }: Msg): { readonly deliveries: number; readonly streamSeq: number; readonly consumerSeq: number } {
  const tokens = reply.split(".");
  // Newer forms put two tokens before the stream, and one at the end.
  const at = tokens.length > 9 ? 6 : 4;
  return { deliveries: Number(tokens[at]), streamSeq: Number(tokens[at + 1]), consumerSeq: Number(tokens[at + 2]) };
}
