/** Of the known names the one that was probably meant: equal but for case, or at most two letters away, or one with the other in it. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  const [best] = known
    .map((each) => ({ each, letters: lettersBetween(wanted, each.toLowerCase()) }))
    .filter(({ each, letters }) => letters <= Math.min(2, Math.floor(each.length / 3)) || (wanted.length > 3 && each.toLowerCase().includes(wanted)))
    .toSorted((a, b) => a.letters - b.letters);
  return best?.each;
}

/** How many letters must be put in, left out or replaced to make one of the other. */
function lettersBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length] as number;
}
