import { columnFromValues, elementsPerRow, inferType, isTypedArray, preview, ShoalError, type ColumnType, type Datasource, type KeptRow, type KeptValue, type Row, type Schema, type TypedArray } from "@shoal/core";
import { maxBlockBytes, maxBlockRows } from "./cut-block.ts";
import { fingerprint, memoryDatasource } from "./memory-datasource.ts";

/** Values that are no rows by themselves. */
type Bare = string | number | boolean | bigint | null | undefined | Date | TypedArray | readonly unknown[];

/** The row an item becomes: an object is one, a bare value is its column `item`. Its bigints are numbers up to 2^53. */
export type ItemRow<T> = T extends Bare ? { item: KeptValue<T> } : T extends object ? KeptRow<T> : { item: T };

/**
 * A list as rows: an object's keys are its columns (missing where an item lacks them), a bare value becomes column `item`.
 * The list is not copied; don't change it while it is in use.
 * @throws `wrong-type` for an object that has no columns to give (Map, Set, URL, Error …); `mixed-items` when some items are objects and some are not; `unreadable-value` where a getter throws.
 */
export function fromItems<T>(items: readonly T[]): Datasource<ItemRow<T>> {
  const objects = items.length > 0 && isRow(items[0]);
  const odd = items.findIndex((item) => isRow(item) !== objects);
  if (odd >= 0 && items.length > 0) {
    throw new ShoalError("mixed-items", `Item 0 is ${kindOfItem(items[0])}, item ${odd} is ${kindOfItem(items[odd])}: ${preview(items[odd])}.`, {
      hint: "Give only objects (rows), or only bare values (column \"item\").",
      failure: "bug",
    });
  }
  if (objects) items.forEach(refuseNoRow);
  // A list may have holes, which only `Array.from` makes values of.
  const schema = objects ? schemaOfItems(items as readonly Row[]) : schemaOfItems(Array.from(items, (item) => ({ item })));
  const rowBytes = schema.fields.reduce((sum, { type }) => sum + (type.kind === "tensor" ? 8 * elementsPerRow(type) : 8), 0);
  return memoryDatasource({
    name: `items(${items.length})`,
    rows: items.length,
    sharesMemory: "values",
    rowsPerBlock: Math.max(1, Math.min(maxBlockRows, Math.floor(maxBlockBytes / Math.max(1, rowBytes)))),
    schema,
    version: () => fingerprint([items]),
    slice(start, end, columns) {
      const part = items.slice(start, end);
      return Object.fromEntries(
        schema.fields.filter(({ name }) => columns.includes(name)).map(({ name, type }) => {
          const values = objects ? part.map((item, at) => givenValue(item as Row, name, start + at)) : Array.from(part);
          return [name, columnFromValues(values, type, { column: name, firstRow: start })];
        }),
      );
    },
  });
}

/** A plain object, rather than one of the values that fit one cell. */
export function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isTypedArray(value) && !(value instanceof Date) && !(value instanceof ArrayBuffer);
}

/** `row[name]`, without what every object inherits (`constructor`). */
export function ownValue(row: Row, name: string): unknown {
  return name in Object.prototype && !Object.hasOwn(row, name) ? undefined : row[name];
}

/** As {@link ownValue}, of an item of a person's: a getter may throw, and not even an error. @throws `unreadable-value` */
function givenValue(row: Row, name: string, at: number): unknown {
  try {
    return ownValue(row, name);
  } catch (cause) {
    throw new ShoalError("unreadable-value", `Item ${at}: reading its "${name}" throws: ${ShoalError.from(cause).message}.`, { hint: "Give plain objects: a getter of this item fails.", failure: "bug", cause, details: { row: at, column: name } });
  }
}

/** The columns of rows, in the order they first appear. @throws `bad-column-name` for `__proto__`, which no JavaScript object can hold safely. */
export function columnNames(rows: Iterable<Row>): string[] {
  const names = new Set<string>();
  for (const row of rows) for (const name of Object.keys(row)) names.add(name);
  if (names.has("__proto__")) throw badColumnName();
  return [...names];
}

export function badColumnName(where = ""): ShoalError {
  return new ShoalError("bad-column-name", `${where}A column can't be called "__proto__".`, { hint: "Rename it before reading.", failure: "bug" });
}

function schemaOfItems(items: readonly Row[]): Schema {
  return {
    fields: columnNames(items).map((name) => {
      let missing = false;
      const values = items.map((row, at) => {
        const value = givenValue(row, name, at);
        missing ||= value === null || value === undefined;
        return value;
      });
      const type: ColumnType = inferType(values);
      return { name, type, nullable: missing };
    }),
  };
}

/** Their content lies elsewhere than in their keys: without a word they would be rows without columns. @throws `wrong-type` */
export function refuseNoRow(item: unknown, at: number): void {
  const tag = Object.prototype.toString.call(item).slice("[object ".length, -1);
  if (tag === "Object" || (tag !== "Error" && Object.keys(item as object).length > 0)) return;
  throw new ShoalError("wrong-type", `Item ${at} is ${/^[AEIOU]/.test(tag) ? "an" : "a"} ${tag}, which is no row.`, {
    hint: "Make a plain object of it: Object.fromEntries(map), { item: url.href }, { message: error.message }.",
    failure: "bug",
    details: { row: at },
  });
}

function kindOfItem(item: unknown): string {
  return isRow(item) ? "an object" : "a bare value";
}
