import type { LeaderElection, Leadership } from "@shoal/cluster";
import { ShoalError } from "@shoal/core";
import type { NatsLink } from "./nats-link.ts";
import type { NatsNames } from "./nats-names.ts";
import type { Register } from "./register.ts";

type RoleEntry = {
  readonly role: string;
  /** Who wrote it: one term of one holder. */
  readonly holder: string;
  readonly state: "held" | "free";
  readonly ttlMs: number;
};

const lookMs = 1000;
/** A role that was released is forgotten after that. */
const freeSeconds = 5;

/**
 * A role is held by whoever wrote its last word, until that has not changed for the time which it names. Who waits measures that time by its own clock, so no clocks are
 * compared; the server forgets a word a moment later, so that who comes later waits for nobody.
 */
export class NatsElection implements LeaderElection {
  readonly shortestTtlMs = 200;
  readonly #link: NatsLink;
  readonly #names: NatsNames;
  readonly #register: Register;
  readonly #instance: string;
  #terms = 0;

  constructor(link: NatsLink, names: NatsNames, register: Register) {
    this.#link = link;
    this.#names = names;
    this.#register = register;
    this.#instance = link.random().toString(36).slice(2);
  }

  async acquire(role: string, ttlMs: number, signal?: AbortSignal): Promise<Leadership> {
    const { clock } = this.#link;
    this.#link.assertOpen();
    const key = this.#names.roleKey(role);
    const word: RoleEntry = { role, holder: `${this.#instance}-${++this.#terms}`, state: "held", ttlMs };
    const scope = this.#link.scope(signal);
    let wake = (): void => {};
    // Whatever is written of the role is heard by all who wait for it.
    const subscription = this.#link.nc.subscribe(key, { callback: () => wake() });
    let seen = { seq: 0, at: 0 };
    // The first word that may have become known: from then on others count.
    let triedAt: number | undefined;
    try {
      for (;;) {
        signal?.throwIfAborted();
        const news = new AbortController();
        wake = () => news.abort();
        const last = await this.#link.during(() => this.#register.get<RoleEntry>(key, signal)).catch(passOver);
        if (last === "paused") continue;
        const now = clock.now();
        if (last !== undefined && last.value.holder === word.holder && last.value.state === "held" && triedAt !== undefined) {
          // It was written, and not answered.
          return new HeldRole(this.#link, this.#register, key, word, last.seq, triedAt);
        }
        if (last !== undefined && last.seq !== seen.seq) seen = { seq: last.seq, at: now };
        const dueMs = last === undefined || last.value.state === "free" ? 0 : seen.at + last.value.ttlMs - now;
        if (dueMs <= 0) {
          const sentAt = clock.now();
          triedAt ??= sentAt;
          const written = await this.#link.during(() => this.#register.set(key, word, last?.seq ?? 0, ttlSeconds(ttlMs)));
          if (typeof written === "number") return new HeldRole(this.#link, this.#register, key, word, written, sentAt);
          await this.#link.pause(10 * this.#link.random(), signal);
        } else {
          scope.signal.addEventListener("abort", wake, { once: true });
          await this.#link.pause(scope.signal.aborted ? 0 : Math.min(dueMs, lookMs), news.signal);
          scope.signal.removeEventListener("abort", wake);
        }
      }
    } finally {
      scope.end();
      subscription.unsubscribe();
    }
  }
}

class HeldRole implements Leadership {
  readonly role: string;
  readonly epoch: number;
  readonly #link: NatsLink;
  readonly #register: Register;
  readonly #key: string;
  readonly #word: RoleEntry;
  readonly #lost = new AbortController();
  #seq: number;
  #until: number;
  #renewing: Promise<boolean> | undefined;

  /** @param sentAt when the word was sent: from then on it may be counted by others. */
  constructor(link: NatsLink, register: Register, key: string, word: RoleEntry, seq: number, sentAt: number) {
    this.#link = link;
    this.#register = register;
    this.#key = key;
    this.#word = word;
    this.role = word.role;
    this.epoch = seq;
    this.#seq = seq;
    this.#until = sentAt + word.ttlMs;
    void this.#watch();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async renew(): Promise<boolean> {
    if (this.#link.isClosing) return false;
    this.#renewing ??= this.#link.during(() => this.#renew()).finally(() => (this.#renewing = undefined));
    return this.#renewing;
  }

  async release(): Promise<void> {
    if (!this.#isHeld()) return;
    await this.#renewing?.catch(() => {});
    this.#lost.abort();
    // Whether it arrives or not: after a while nobody holds it.
    await this.#link.during(() => this.#register.set(this.#key, { ...this.#word, state: "free" }, this.#seq, freeSeconds)).catch(() => {});
  }

  /** Until it is known whether it is ours, or it can't be any more. */
  async #renew(): Promise<boolean> {
    const { clock } = this.#link;
    while (this.#isHeld()) {
      const sentAt = clock.now();
      const written = await this.#register.set(this.#key, this.#word, this.#seq, ttlSeconds(this.#word.ttlMs));
      if (typeof written === "number") return this.#extend(written, sentAt);
      const last = await this.#register.get<RoleEntry>(this.#key).catch(passOver);
      if (last === "paused") continue;
      if (last?.value.holder !== this.#word.holder || last.value.state !== "held") this.#lost.abort();
      // One of before was written, and not answered.
      else if (last.seq !== this.#seq) this.#seq = last.seq;
      await this.#link.pause(5 * this.#link.random());
    }
    return false;
  }

  #extend(seq: number, sentAt: number): boolean {
    this.#seq = seq;
    this.#until = Math.max(this.#until, sentAt + this.#word.ttlMs);
    return this.#isHeld();
  }

  #isHeld(): boolean {
    if (this.#link.clock.now() >= this.#until) this.#lost.abort();
    return !this.#lost.signal.aborted;
  }

  async #watch(): Promise<void> {
    while (!this.#link.isClosing && this.#isHeld()) await this.#link.pause(this.#until - this.#link.clock.now(), this.#lost.signal);
    this.#lost.abort();
  }
}

/** Long enough that it is over for everybody before the server forgets it. */
function ttlSeconds(ttlMs: number): number {
  return Math.ceil(ttlMs / 1000) + 1;
}

/** Servers that don't answer may do so later. */
function passOver(error: unknown): "paused" {
  if (ShoalError.is(error, "engine-paused")) return "paused";
  throw error;
}
