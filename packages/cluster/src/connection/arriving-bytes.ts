import type { Channel } from "./channel.ts";

/** Answers to pings are a few bytes, and come by themselves also from a program that stands still. */
const leastBytes = 512;

/** Sees from look to look whether a message is on its way. */
export class ArrivingBytes {
  #seen = 0;

  /** Whether bytes have come since the last look, as many as only a message has. False where the transport can't tell. */
  look({ receivedBytes = 0 }: Pick<Channel, "receivedBytes">): boolean {
    const grown = receivedBytes - this.#seen;
    this.#seen = receivedBytes;
    return grown >= leastBytes;
  }
}
