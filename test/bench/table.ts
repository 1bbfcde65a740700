/** A comparison of the benchmark: what was measured beside what, as a ratio. */
export interface Line {
  readonly what: string;
  readonly shoal: string;
  readonly baseline: string;
  /** Shoal ÷ baseline; absent where the baseline is not installed here. */
  readonly ratio?: number;
  readonly target: string;
  readonly met?: boolean;
}

/** `ratio` against a bound: at least it, or at most it. */
export function line(what: string, shoal: number, baseline: number, bound: { readonly atLeast?: number; readonly atMost?: number }, unit: string): Line {
  const ratio = shoal / baseline;
  const { atLeast, atMost } = bound;
  const target = [...(atLeast === undefined ? [] : [`≥ ${atLeast}`]), ...(atMost === undefined ? [] : [`≤ ${atMost}`])].join(", ");
  return {
    what, ratio, target: target === "" ? "–" : target,
    shoal: quantity(shoal, unit), baseline: quantity(baseline, unit),
    // A run so short that its first rows were all of them has no pace after these.
    ...(target === "" || !Number.isFinite(ratio) ? {} : { met: ratio >= (atLeast ?? -Infinity) && ratio <= (atMost ?? Infinity) }),
  };
}

export function absent(what: string, why: string): Line {
  return { what, shoal: "–", baseline: `absent: ${why}`, target: "–" };
}

export function quantity(value: number, unit: string): string {
  if (!Number.isFinite(value)) return "–";
  const text = value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(value >= 10 ? 1 : 2);
  return `${text} ${unit}`.trim();
}

export function lineTable(lines: readonly Line[]): string {
  return table(
    ["comparison", "Shoal", "baseline", "ratio", "target", ""],
    lines.map(({ what, shoal, baseline, ratio, target, met }) => [what, shoal, baseline, ratio === undefined || !Number.isFinite(ratio) ? "–" : ratio.toFixed(2), target, met === undefined ? "" : met ? "met" : "**missed**"]),
  );
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");
}

const begin = "<!-- bench: begin -->";
const end = "<!-- bench: end -->";

/** The page with what stands between its markers replaced. @throws an Error when it has none. */
export function withResults(page: string, results: string): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`The page has no ${begin} … ${end}.`);
  return `${page.slice(0, from + begin.length)}\n${results.trim()}\n${page.slice(to)}`;
}
