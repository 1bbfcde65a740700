import { Type, type Data } from "apache-arrow";

/** A number that is none, and the row of the column in which it stands. */
export interface StrayNumber {
  readonly value: number;
  readonly row: number;
}

/** The row that an item belongs to; undefined where nobody sees it. */
type RowOf = (item: number) => number | undefined;

/** The first NaN or infinity in a column of floats, in lists and fields of them too. Where a value is missing, what lies there does not count. */
export function strayNumber(data: Data, rowOf: RowOf = (row) => row): StrayNumber | undefined {
  const visible: RowOf = (item) => (item < data.length && data.getValid(item) ? rowOf(item) : undefined);
  const { type, children } = data;
  if (type.typeId === Type.Float) return strayFloat(data, visible);
  if (type.typeId === Type.FixedSizeList) {
    const size = (type as unknown as { listSize: number }).listSize;
    return strayNumber(children[0] as Data, (item) => visible(Math.floor(item / size)));
  }
  if (type.typeId === Type.List || type.typeId === Type.Map) {
    const offsets = data.valueOffsets as unknown as Int32Array;
    return strayNumber(children[0] as Data, (item) => visible(rowOfItem(offsets, data.length, item)));
  }
  if (type.typeId !== Type.Struct) return undefined;
  for (const child of children) {
    const stray = strayNumber(child as Data, visible);
    if (stray !== undefined) return stray;
  }
  return undefined;
}

function strayFloat(data: Data, visible: RowOf): StrayNumber | undefined {
  const values = data.values as Float32Array | Float64Array | Uint16Array;
  const isHalf = values instanceof Uint16Array;
  // A number less itself is zero; of NaN and infinity it is NaN, and stays it in the sum.
  let sum = 0;
  if (isHalf) sum = NaN;
  else for (let at = 0; at < data.length; at++) sum += (values[at] as number) - (values[at] as number);
  if (sum === 0) return undefined;
  for (let at = 0; at < data.length; at++) {
    const value = isHalf ? halfOf(values[at] as number) : (values[at] as number);
    const row = Number.isFinite(value) ? undefined : visible(at);
    if (row !== undefined) return { value, row };
  }
  return undefined;
}

/** NaN and infinities of a half float; 0 for any other. */
function halfOf(bits: number): number {
  if ((bits & 0x7c00) !== 0x7c00) return 0;
  return (bits & 0x3ff) !== 0 ? NaN : (bits & 0x8000) !== 0 ? -Infinity : Infinity;
}

/** The list that an item lies in, by its offsets; out of all rows where no list has it. */
function rowOfItem(offsets: Int32Array, rows: number, item: number): number {
  if (item < (offsets[0] as number)) return rows;
  let [low, high] = [0, rows];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((offsets[middle + 1] as number) > item) high = middle;
    else low = middle + 1;
  }
  return low;
}
