import type { Clock } from "@shoal/core";
import type { BeatMessage } from "../connection/messages.ts";

/** What a beat says of the work. */
export type Standing = Omit<BeatMessage, "kind" | "notice">;

/**
 * Says regularly that this worker is there, and what it does; at once where that has changed. Timers of a tab may come late, so whatever
 * else happens is taken as an occasion too.
 */
export class Beats {
  /** For people. */
  notice: string | undefined;
  readonly #clock: Clock;
  readonly #send: (beat: BeatMessage) => void;
  readonly #standing: () => Standing;
  #beatMs = 0;
  #saidAt = 0;
  #connection: AbortController | undefined;
  #soon = false;

  constructor(clock: Clock, send: (beat: BeatMessage) => void, standing: () => Standing) {
    this.#clock = clock;
    this.#send = send;
    this.#standing = standing;
  }

  /** There is a connection. */
  begin(beatMs: number): void {
    this.end();
    this.#beatMs = beatMs;
    const connection = (this.#connection = new AbortController());
    void this.#keepOn(connection.signal);
    this.soon();
  }

  end(): void {
    this.#connection?.abort();
    this.#connection = undefined;
  }

  /** Something has changed. */
  soon(): void {
    if (this.#connection === undefined || this.#soon) return;
    this.#soon = true;
    queueMicrotask(() => {
      this.#soon = false;
      if (this.#connection !== undefined) this.send(this.#standing());
    });
  }

  ifDue(): void {
    if (this.#connection !== undefined && this.#clock.now() - this.#saidAt >= this.#beatMs) this.soon();
  }

  send(standing: Standing): void {
    this.#saidAt = this.#clock.now();
    this.#send({ kind: "beat", ...standing, ...(this.notice !== undefined && { notice: this.notice }) });
  }

  async #keepOn(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const restMs = this.#saidAt + this.#beatMs - this.#clock.now();
      if (restMs <= 0) this.send(this.#standing());
      else await this.#clock.sleep(restMs, signal).catch(() => {});
    }
  }
}
