import type { Block } from "./block.ts";
import type { Column } from "./column.ts";
import type { ColumnType } from "./column-type.ts";
import { isWellFormed } from "./well-formed.ts";

/** In a field's metadata: its texts, or lists of texts, are written as JSON. */
const asJson = "shoal.text";

/**
 * UTF-8 has no form for half a surrogate pair, which a JavaScript string may hold and JSON writes as an escape. Columns with such text as JSON, so that a
 * block on its way stays what it is; and what is noted of each of those, by its name. Files that other programs read are not written so.
 */
export function withJsonText(block: Block): { readonly block: Block; readonly notes: ReadonlyMap<string, readonly [key: string, value: string]> } {
  const names = Object.keys(block.columns).filter((name) => !holdsWellFormed(block.columns[name] as Column));
  const notes = new Map(names.map((name) => [name, [asJson, (block.columns[name] as Column).type.kind] as const]));
  if (names.length === 0) return { block, notes };
  const columns = { ...block.columns };
  for (const name of names) {
    const { length, values } = block.columns[name] as Column;
    columns[name] = { type: { kind: "json" }, length, values: Array.from(values as ArrayLike<unknown>, (row) => (typeof row === "string" ? row : (row && Array.from(row as ArrayLike<unknown>)) ?? null)) };
  }
  return { block: { ...block, columns }, notes };
}

/** What the field's text is that was written as JSON, undefined for every other field. */
export function typeOfJsonText(field: { readonly metadata: ReadonlyMap<string, string> }): ColumnType | undefined {
  const kind = field.metadata.get(asJson);
  if (kind === undefined) return undefined;
  return kind === "list" ? { kind, element: "utf8" } : { kind: "utf8" };
}

/** @throws TypeError where it is anything else than text */
export function fromJsonText(text: string, { kind }: ColumnType): unknown {
  const value: unknown = JSON.parse(text);
  const fits = kind === "list" ? Array.isArray(value) && value.every((item) => item === null || typeof item === "string") : typeof value === "string";
  if (!fits) throw new TypeError("a column of text holds something else");
  return value;
}

function holdsWellFormed({ type, values }: Column): boolean {
  const rows = values as readonly unknown[];
  if (type.kind === "utf8") return areWellFormed(rows);
  return type.kind !== "list" || type.element !== "utf8" || (rows as readonly (ArrayLike<unknown> | null)[]).every((row) => row === null || areWellFormed(row));
}

function areWellFormed(texts: ArrayLike<unknown>): boolean {
  for (let at = 0; at < texts.length; at++) {
    const text = texts[at];
    if (typeof text === "string" && !isWellFormed(text)) return false;
  }
  return true;
}
