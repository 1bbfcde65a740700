import {
  concatBlocks, elementsPerRow, isTypedArray, sameType, takeRows, type Block, type Column, type Span, type TypedArray,
} from "@shoal/core";

/** Some rows of a result: row `i` of `block` belongs at `rows[i]`. */
export interface ResultPart {
  readonly block: Block;
  readonly rows: Int32Array;
}

/** Results of several batches as one block, rows by ascending number. */
export function gatherRows(parts: readonly ResultPart[], lineage: readonly Span[]): { readonly block: Block; readonly rows: Int32Array } {
  const [first] = parts;
  if (first === undefined) return { block: { rows: 0, columns: {}, lineage }, rows: new Int32Array() };
  if (parts.length === 1 && isAscending(first.rows)) return { block: { ...first.block, lineage }, rows: first.rows };
  const rows = concatRows(parts.map((part) => part.rows));
  if (isAscending(rows)) return { block: { ...joined(parts, identity(rows.length), rows.length), lineage }, rows };
  const ascending = rows.slice().sort();
  return { block: { ...joined(parts, positions(rows, ascending), rows.length), lineage }, rows: ascending };
}

/** Lists of row numbers as one. */
export function concatRows(lists: readonly Int32Array[]): Int32Array {
  const [only] = lists;
  if (lists.length === 1 && only !== undefined) return only;
  const rows = new Int32Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    rows.set(list, at);
    at += list.length;
  }
  return rows;
}

function isAscending(rows: Int32Array): boolean {
  for (let at = 1; at < rows.length; at++) if ((rows[at] as number) < (rows[at - 1] as number)) return false;
  return true;
}

export function identity(length: number): Int32Array {
  const rows = new Int32Array(length);
  for (let row = 0; row < length; row++) rows[row] = row;
  return rows;
}

/** Where each row goes: its index among the sorted ones. */
function positions(rows: Int32Array, ascending: Int32Array): Int32Array {
  const top = ascending.length === 0 ? 0 : (ascending.at(-1) as number) + 1;
  const indexOf = new Int32Array(top);
  ascending.forEach((row, at) => (indexOf[row] = at));
  return rows.map((row) => indexOf[row] as number);
}

function joined(parts: readonly ResultPart[], target: Int32Array, length: number): Block {
  const first = parts[0] as ResultPart;
  const names = Object.keys(first.block.columns);
  const alike = parts.every(({ block }) => {
    const own = Object.keys(block.columns);
    return own.length === names.length && names.every((name) => alikeColumns(first.block.columns[name], block.columns[name]));
  });
  // Unlike columns meet at a common type; that is the slow road.
  if (!alike) return takeRows(concatBlocks(parts.map((part) => part.block)), inverse(target));
  const columns: Record<string, Column> = {};
  for (const name of names) columns[name] = scatter(parts.map((part) => part.block.columns[name] as Column), target, length);
  return { rows: length, columns, lineage: [] };
}

function alikeColumns(a: Column | undefined, b: Column | undefined): boolean {
  return a !== undefined && b !== undefined && a.type.kind !== "arrow" && a.validity === undefined && b.validity === undefined && sameType(a.type, b.type)
    && a.type.kind !== "null" && isTypedArray(a.values) === isTypedArray(b.values);
}

function inverse(target: Int32Array): Int32Array {
  const source = new Int32Array(target.length);
  target.forEach((to, from) => (source[to] = from));
  return source;
}

function scatter(columns: readonly Column[], target: Int32Array, length: number): Column {
  const { type, values } = columns[0] as Column;
  const perRow = elementsPerRow(type);
  const typed = isTypedArray(values);
  const result = (typed ? new (values.constructor as new (length: number) => TypedArray)(length * perRow) : new Array<unknown>(length)) as unknown[];
  let at = 0;
  for (const column of columns) {
    const source = column.values as unknown[];
    for (let row = 0; row < column.length; row++, at++) {
      const to = target[at] as number;
      if (perRow === 1) result[to] = source[row];
      else (result as unknown as Float32Array).set((column.values as Float32Array).subarray(row * perRow, (row + 1) * perRow), to * perRow);
    }
  }
  return { type, length, values: result };
}
