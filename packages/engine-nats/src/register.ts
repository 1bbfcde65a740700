import { ShoalError, type JsonObject } from "@shoal/core";
import { apiCode, apiCodes, isUnanswered } from "./nats-errors.ts";
import { isObject, jsonOf } from "./json-of.ts";
import { asRefused, type NatsLink } from "./nats-link.ts";
import type { NatsNames } from "./nats-names.ts";
import { registerStream } from "./stream-configs.ts";

export interface Registered<T extends JsonObject> {
  /** Where it stands in the stream. No later entry of any key has a lower one. */
  readonly seq: number;
  readonly value: T;
}

/** The last word by key, changed by whoever knows the one before. */
export class Register {
  readonly #link: NatsLink;
  readonly #names: NatsNames;
  readonly #replicas: number;
  readonly #date: () => number;

  constructor(link: NatsLink, names: NatsNames, replicas: number, date: () => number) {
    this.#link = link;
    this.#names = names;
    this.#replicas = replicas;
    this.#date = date;
  }

  /** @throws `engine-config`, `engine-replicas`, `engine-refused`, `engine-paused` */
  async make(): Promise<void> {
    // Epochs are places in this stream. Should it ever be lost, those of the next one are higher all the same, for no thousand a second were given out.
    await this.#link.makeStream(registerStream(this.#names, this.#replicas), { firstSeq: Math.floor(this.#date()) });
  }

  /** What its leader knows: only it has seen every answer. @throws `engine-paused`, `engine-refused` */
  async get<T extends JsonObject>(key: string, signal?: AbortSignal): Promise<Registered<T> | undefined> {
    const read = (): Promise<Registered<T> | undefined> =>
      this.#link.ask("tell what is registered", async () => {
        const stored = await this.#link.jsm.streams.getMessage(this.#names.register, { last_by_subj: key });
        if (stored === null) return undefined;
        const value = jsonOf(stored.data);
        if (!isObject(value)) throw strange(this.#names.register, key, stored.seq);
        return { seq: stored.seq, value: value as T };
      }, signal);
    try {
      return await read();
    } catch (error) {
      signal?.throwIfAborted();
      if (apiCode(error) !== apiCodes.streamNotFound) throw asRefused(error, "tell what is registered");
      await this.make();
      return undefined;
    }
  }

  /**
   * Writes the next word for a key, if the last one is where it is thought to be (0: there is none).
   * @param ttlSeconds it is forgotten after that; unset: never
   * @returns where it stands; `conflict`: another one was first, or one's own that was not answered; `unknown`: it may be written, or not
   */
  async set(key: string, value: JsonObject, lastSeq: number, ttlSeconds?: number): Promise<number | "conflict" | "unknown"> {
    try {
      const { seq } = await this.#link.publish(key, value, { expect: { lastSubjectSequence: lastSeq, streamName: this.#names.register }, ...(ttlSeconds === undefined ? {} : { ttl: `${ttlSeconds}s` }) });
      return seq;
    } catch (error) {
      const code = apiCode(error);
      if (code === apiCodes.wrongLastSequence || code === apiCodes.publishInFlight) return "conflict";
      if (!isUnanswered(error)) throw asRefused(error, "register");
      this.#link.unanswered(error, "register");
      return "unknown";
    }
  }
}

function strange(stream: string, key: string, seq: number): ShoalError {
  return new ShoalError("engine-config", `Message ${seq} of the stream ${stream}, under ${key}, was written by something else than a gateway.`, { hint: "Remove that message, and see that nobody else may write there.", details: { stream, key, seq } });
}
