/** A choice as it is kept: with the time (in ms since 1970) until which it counts, where it is not for ever. */
export function keptChoice(choice: string, forMs: number | undefined, now = Date.now()): string {
  return forMs === undefined ? choice : `${now + forMs} ${choice}`;
}

/** The choice that was kept; undefined when its time is over, or there was none. */
export function choiceKept(kept: string | undefined, now = Date.now()): string | undefined {
  const [, until, choice] = /^(\d+) (.*)$/s.exec(kept ?? "") ?? [];
  if (until === undefined) return kept;
  return now < Number(until) ? choice : undefined;
}
