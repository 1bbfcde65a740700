import { ShoalError, type Clock } from "@shoal/core";
import type { Channel } from "./channel.ts";
import { protocolVersion, type Bye, type Header, type Hello, type Welcome } from "./messages.ts";
import { protocolMismatch } from "./protocol-mismatch.ts";

/** What a worker and a driver have in common of a connection to the gateway. */
export interface ConnectionParts<Sent extends Header, Received extends Header> {
  /** @throws when it can't be had; an error of class `bug` is for good */
  readonly dial: (signal: AbortSignal) => Promise<Channel<Sent | Hello, Received>>;
  readonly hello: () => Hello;
  readonly clock: Clock;
  /** The gateway has let us in. */
  readonly onWelcome: (welcome: Welcome, connection: Connection<Sent, Received>) => void;
  /** What it says after that. */
  readonly onMessage: (message: Exclude<Received, Welcome | Bye>, payload: Uint8Array | undefined) => void;
}

export interface Connection<Sent extends Header, Received extends Header> {
  readonly channel: Channel<Sent | Hello, Received>;
  /** Aborted when it is over. */
  readonly over: AbortSignal;
  /** Gives it up: it seems dead. */
  readonly drop: (error: ShoalError) => void;
}

/** How it came to its end. */
export interface ConnectionEnd {
  readonly error: ShoalError;
  /** Coming again may help. */
  readonly again: boolean;
}

/** A gateway that was reached and says nothing. */
const welcomeWithinMs = 20_000;

/** One connection, from its dialling to its end. Settles when it is closed. */
export async function holdConnection<Sent extends Header, Received extends Header>(parts: ConnectionParts<Sent, Received>, signal: AbortSignal): Promise<ConnectionEnd> {
  let channel: Channel<Sent | Hello, Received>;
  try {
    channel = await parts.dial(signal);
  } catch (error) {
    return { error: ShoalError.from(error, "unreachable"), again: !(ShoalError.is(error) && error.failure === "bug") };
  }
  const over = new AbortController();
  try {
    return await new Promise<ConnectionEnd>((resolve) => {
      let isIn = false;
      const end = (error: ShoalError, again = true): void => {
        over.abort();
        resolve({ error, again });
      };
      if (signal.aborted) return end(ShoalError.from(signal.reason));
      signal.addEventListener("abort", () => end(ShoalError.from(signal.reason)), { once: true, signal: over.signal });
      const take = (message: Header, payload: Uint8Array | undefined): void => {
        if (over.signal.aborted) return;
        if (message.kind === "bye") return end(ShoalError.fromData(message.error), message.again);
        if (message.kind !== "welcome") return isIn ? parts.onMessage(message as Exclude<Received, Welcome | Bye>, payload) : undefined;
        if (message.protocol !== protocolVersion) return end(protocolMismatch(message.protocol, parts.hello().role), false);
        if (isIn) return;
        isIn = true;
        parts.onWelcome(message, { channel, over: over.signal, drop: (error) => end(error) });
      };
      channel.listen({ message: take, closed: (reason) => end(reason ?? connectionLost(), reason?.code !== "protocol-mismatch") });
      channel.send(parts.hello());
      parts.clock.sleep(welcomeWithinMs, over.signal).then(() => (isIn ? undefined : end(silence(welcomeWithinMs))), () => {});
    });
  } finally {
    channel.close();
  }
}

export function connectionLost(): ShoalError {
  return new ShoalError("connection-lost", "The connection to the coordinator broke.", { hint: "Check that the coordinator runs and that the network is there; nothing is lost, and it is tried again.", failure: "worker-lost" });
}

/** Nothing was heard for so long. */
export function silence(ms: number): ShoalError {
  return new ShoalError("connection-lost", `The coordinator said nothing for ${Math.round(ms / 1000)} s.`, { hint: "Check that the link leads to a Shoal coordinator, and the network in between; it is tried again.", failure: "worker-lost" });
}
