import { columnValue, type Block } from "@shoal/core";

/** What floats of different devices may differ by: absolutely up to 1, relatively above. */
const tolerance = 1e-3;

/**
 * Where results differ from those that are taken for right, in words; undefined where they agree: as many rows, texts and integers
 * identical, floats within 1e-3.
 */
export function disagreement(result: Block, right: Block, columns: readonly string[]): string | undefined {
  if (result.rows !== right.rows) return `${result.rows} rows instead of ${right.rows}`;
  for (const name of columns) {
    const [own, other] = [result.columns[name], right.columns[name]];
    if (own === undefined || other === undefined) return `no column "${name}"`;
    for (let row = 0; row < right.rows; row++) {
      if (!agree(columnValue(own, row), columnValue(other, row))) return `another "${name}" in row ${row} of ${right.rows}`;
    }
  }
  return undefined;
}

function agree(own: unknown, right: unknown): boolean {
  if (typeof own === "number" && typeof right === "number") return own === right || Math.abs(own - right) <= tolerance * Math.max(1, Math.abs(right));
  if (typeof own !== "object" || typeof right !== "object" || own === null || right === null) return Object.is(own, right);
  const keys = Object.keys(right);
  return keys.length === Object.keys(own).length && keys.every((key) => agree((own as Record<string, unknown>)[key], (right as Record<string, unknown>)[key]));
}
