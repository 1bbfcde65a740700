import type { Clock } from "@shoal/core";
import { createScheduler, schedule, type SchedulerEffect, type SchedulerEvent, type SchedulerSettings, type SchedulerState } from "../scheduler/index.ts";

const replaced = "replaced by a later timer";

/** The scheduler in time: events in, one after the other; effects out, performed in order; its timer. */
export class SchedulerLoop {
  readonly state: SchedulerState;
  readonly #clock: Clock;
  readonly #perform: (effect: SchedulerEffect) => void;
  readonly #waiting: SchedulerEvent[] = [];
  #running = false;
  #timer: AbortController | undefined;
  #stopped = false;

  constructor(settings: Partial<SchedulerSettings>, clock: Clock, perform: (effect: SchedulerEffect) => void) {
    this.state = createScheduler(settings);
    this.#clock = clock;
    this.#perform = perform;
  }

  get epoch(): number {
    return this.state.settings.epoch;
  }

  /** What performing an effect causes is heard after the other effects of the same event. */
  tell(event: SchedulerEvent): void {
    if (this.#stopped) return;
    this.#waiting.push(event);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        for (const effect of schedule(this.state, next, this.#clock.now())) {
          if (effect.kind === "set-timer") this.#setTimer(effect.at);
          else this.#perform(effect);
        }
      }
    } finally {
      this.#running = false;
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.abort();
  }

  #setTimer(time: number): void {
    // A reason of its own costs nothing each time.
    this.#timer?.abort(replaced);
    const timer = (this.#timer = new AbortController());
    this.#clock.sleep(Math.max(0, time - this.#clock.now()), timer.signal).then(
      () => this.tell({ kind: "tick" }),
      () => {},
    );
  }
}
