import type { Clock } from "@shoal/core";
import { createScheduler, schedule, type SchedulerEffect, type SchedulerEvent, type SchedulerSettings, type SchedulerState } from "../scheduler/index.ts";

const replaced = "replaced by a later timer";

/** The scheduler in time: events in, one after the other; effects out, performed in order; its timer. */
export class SchedulerLoop {
  readonly state: SchedulerState;
  readonly #clock: Clock;
  readonly #perform: (effect: SchedulerEffect) => void;
  readonly #onMistake: (error: unknown) => void;
  readonly #waiting: SchedulerEvent[] = [];
  #running = false;
  #timer: AbortController | undefined;
  #stopped = false;

  /** @param onMistake told what scheduling or performing threw, which costs that event or effect and no other */
  constructor(settings: Partial<SchedulerSettings>, clock: Clock, perform: (effect: SchedulerEffect) => void, onMistake: (error: unknown) => void) {
    this.state = createScheduler(settings);
    this.#clock = clock;
    this.#perform = perform;
    this.#onMistake = onMistake;
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
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) this.#hear(next);
    } finally {
      // Should `onMistake` throw, what waits is heard with the next event.
      this.#running = false;
    }
  }

  #hear(event: SchedulerEvent): void {
    try {
      for (const effect of schedule(this.state, event, this.#clock.now())) {
        if (effect.kind === "set-timer") this.#setTimer(effect.at);
        else this.#try(effect);
      }
    } catch (error) {
      this.#onMistake(error);
    }
  }

  /** The other effects of the event are owed whatever becomes of this one. */
  #try(effect: SchedulerEffect): void {
    try {
      this.#perform(effect);
    } catch (error) {
      this.#onMistake(error);
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
