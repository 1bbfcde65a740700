/** What each has of the whole, in percent that add up to 100: what rounding down leaves goes to the largest remainders. `100 %` means all, so beside 99 % nothing is raised. */
export function shareTexts(parts: readonly number[]): readonly string[] {
  const whole = parts.reduce((sum, part) => sum + part, 0);
  if (whole <= 0) return parts.map(() => "0 %");
  const exact = parts.map((part) => (100 * part) / whole);
  const floors = exact.map(Math.floor);
  const left = 100 - floors.reduce((sum, floor) => sum + floor, 0);
  const remainder = (at: number): number => (exact[at] as number) - (floors[at] as number);
  const raised = new Set(parts.map((_, at) => at).toSorted((a, b) => remainder(b) - remainder(a) || a - b).slice(0, left).filter((at) => floors[at] !== 99));
  return floors.map((floor, at) => {
    const value = floor + (raised.has(at) ? 1 : 0);
    return value === 0 && (parts[at] as number) > 0 ? "<1 %" : `${value} %`;
  });
}
