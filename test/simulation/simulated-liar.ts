import type { AttemptId, BeatMessage, ReadyMessage } from "@shoal/cluster";
import type { SeededRandom } from "@shoal/testing";

/** The largest numbers that the other side takes. */
const mostMs = 1.7e308;
const mostRows = 2 ** 31 - 1;
const mostBytes = Number.MAX_SAFE_INTEGER;

/** What a worker says that wants all work and does none of it, or does not know what it says. */
export class SimulatedLiar {
  readonly #random: SeededRandom;
  readonly #models: readonly string[];
  #rows = 0;

  constructor(random: SeededRandom, models: readonly string[]) {
    [this.#random, this.#models] = [random, models];
  }

  /** Of a task that it begins it may never come to an end. */
  get hangs(): boolean {
    return this.#random.chance(0.3);
  }

  loadMs(ms: number): number {
    return this.#random.pick([ms, 0, 1e300, mostMs]);
  }

  /** That it has loaded something, whether it was leased any of it or not. */
  ready(): ReadyMessage | undefined {
    return this.#random.chance(0.2) ? { kind: "ready", model: this.#random.pick(this.#models), loadMs: this.#random.pick([1e300, mostMs]) } : undefined;
  }

  /** Rows that go up and down, or that nobody has; models that never come to an end. */
  beat(beat: BeatMessage, held: readonly AttemptId[]): BeatMessage {
    const random = this.#random;
    const { loading: _, ...rest } = beat;
    const running = beat.running ?? (held.length > 0 && random.chance(0.5) ? random.pick(held) : undefined);
    switch (random.pick(["rows", "more", "loading", "truth"] as const)) {
      case "rows": return { ...rest, ...(running !== undefined && { running }), rows: random.pick([0, 1, 2, mostRows]) };
      case "more": return { ...rest, ...(running !== undefined && { running }), rows: (this.#rows = Math.min(mostRows, this.#rows + 1)) };
      case "loading": return { ...rest, rows: 0, loading: { doneBytes: random.pick([0, this.#rows++, mostBytes]), bytes: mostBytes }, state: "loading" };
      case "truth": return beat;
    }
  }
}
