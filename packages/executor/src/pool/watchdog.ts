import type { Actor } from "@shoal/core";

/** When an actor was last seen to move. */
export interface Sight {
  readonly ticks: number;
  readonly since: number;
  /** A person was told that it stands still. */
  readonly noticed: boolean;
}

const noProgressMs = 60_000;

/** Looks at an actor that has work. Only `predict` has a time limit; standing still in any phase is worth a notice. */
export function look(last: Sight, { id, progress }: Pick<Actor, "id" | "progress">, now: number, timeoutMs: number | undefined): { readonly sight: Sight; readonly timedOut: boolean; readonly notice?: string } {
  if (progress.ticks !== last.ticks) return { sight: { ticks: progress.ticks, since: now, noticed: false }, timedOut: false };
  const stillMs = now - last.since;
  if (timeoutMs !== undefined && progress.phase === "predict" && stillMs >= timeoutMs) return { sight: last, timedOut: true };
  if (last.noticed || stillMs < noProgressMs) return { sight: last, timedOut: false };
  const rows = progress.rows === undefined ? "" : `, rows ${progress.rows[0]}–${progress.rows[1]} of its block`;
  return { sight: { ...last, noticed: true }, timedOut: false, notice: `${id} has made no progress for ${Math.round(stillMs / 1000)} s (${progress.phase}${rows}).` };
}

/**
 * Tells from the times of looks, which should be `everyMs` apart, that this process stood still between two of them: a laptop slept, or somebody stopped
 * it. Nobody could work then, and what was done before waits to be read. One late look is taken for that; where all are late, that is how fast things go.
 */
export class SleepWatch {
  readonly #everyMs: number;
  #last: number;
  #wasLate = false;

  constructor(everyMs: number, now: number) {
    this.#everyMs = everyMs;
    this.#last = now;
  }

  /** How much of the time since the last look doesn't count. Where it is more than 0, nothing should be judged before the next look. */
  sleptMs(now: number): number {
    const gap = now - this.#last;
    const late = gap > 2 * this.#everyMs + timerSlackMs;
    const slept = late && !this.#wasLate ? gap - this.#everyMs : 0;
    this.#last = now;
    this.#wasLate = late;
    return slept;
  }
}

/** Timers are late by so much on any busy machine. */
const timerSlackMs = 50;

const longLoadMs = 30_000;

/** Says that actors are still loading, after half a minute and then ever more rarely. `told`: when it was said last, 0 for never. */
export function lookAtLoading({ actors, since }: { readonly actors: number; readonly since: number }, now: number, told: number): { readonly told: number; readonly notice?: string } {
  const loadedMs = now - since;
  if (actors === 0) return { told: 0 };
  const due = told < since ? longLoadMs : 2 * (told - since);
  if (loadedMs < due) return { told };
  const seconds = Math.round(loadedMs / 1000);
  return { told: now, notice: `${actors === 1 ? "an actor has" : `${actors} actors have`} been loading for ${seconds} s: a large model or a slow download takes so long, or a setup() waits for something that does not come.` };
}
