/** What seems to separate the cells of a CSV file that was read as one column: its name is then a whole header. */
export function likelyDelimiter(columns: readonly string[]): string | undefined {
  const [name = "", ...others] = columns;
  return others.length > 0 ? undefined : [";", "\t", "|"].find((delimiter) => name.includes(delimiter));
}

/** As a person types it. */
export function delimiterFlag(delimiter: string): string {
  return `--delimiter ${delimiter === "\t" ? "tab" : `"${delimiter}"`}`;
}

export function delimiterOf(typed: string): string {
  return typed === "tab" || typed === "\\t" ? "\t" : typed;
}
