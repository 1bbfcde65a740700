import type { Actor } from "@shoal/core";

/** When an actor was last seen to move. */
export interface Sight {
  readonly ticks: number;
  readonly since: number;
  /** A person was told that it stands still. */
  readonly noticed: boolean;
}

export const noProgressMs = 60_000;

/** Looks at an actor that has work. Only `predict` has a time limit; standing still in any phase is worth a notice. */
export function look(last: Sight, { id, progress }: Pick<Actor, "id" | "progress">, now: number, timeoutMs: number | undefined): { readonly sight: Sight; readonly timedOut: boolean; readonly notice?: string } {
  if (progress.ticks !== last.ticks) return { sight: { ticks: progress.ticks, since: now, noticed: false }, timedOut: false };
  const stillMs = now - last.since;
  if (timeoutMs !== undefined && progress.phase === "predict" && stillMs >= timeoutMs) return { sight: last, timedOut: true };
  if (last.noticed || stillMs < noProgressMs) return { sight: last, timedOut: false };
  const rows = progress.rows === undefined ? "" : `, rows ${progress.rows[0]}–${progress.rows[1]} of its block`;
  return { sight: { ...last, noticed: true }, timedOut: false, notice: `${id} has made no progress for ${Math.round(stillMs / 1000)} s (${progress.phase}${rows}).` };
}
