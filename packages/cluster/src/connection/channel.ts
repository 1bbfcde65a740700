import type { ShoalError } from "@shoal/core";
import type { Header } from "./messages.ts";

/** One side of a link: whole messages, in order, for as long as it lasts. Sockets and memory alike; what is above does no I/O. */
export interface Channel<Sent extends Header = Header, Received extends Header = Header> {
  /** Sends in order; never waits and never throws. What is sent on a closed channel is lost. The payload is not changed afterwards. */
  send(header: Sent, payload?: Uint8Array): void;
  /** Bytes that were sent and that the other side's socket has not taken. */
  readonly bufferedBytes: number;
  /** Bytes that have come, of messages too that are not whole yet: a large one on a slow line is life. Absent where the transport tells whole messages alone. */
  readonly receivedBytes?: number | undefined;
  /** Ends the link; what was sent before still goes. */
  close(): void;
  /** Called once, at once after the channel is had. Messages that came before are kept until then. */
  listen(listener: ChannelListener<Received>): void;
}

export interface ChannelListener<Received extends Header> {
  message(header: Received, payload: Uint8Array | undefined): void;
  /** Once; nothing comes after. `reason`: what the other side did wrong, or what broke; absent where it simply ended. */
  closed(reason?: ShoalError): void;
}
