import { Type, type Data } from "apache-arrow";

/** What numbers a column of floats, or of lists of them of one length, shows: none where every value is missing, or it is of another type. */
export function floatsIn(data: Data): "none" | "only NaN" | "numbers" {
  const { type, children } = data;
  if (type.typeId === Type.Float) return look(data, (item) => data.getValid(item));
  if (type.typeId !== Type.FixedSizeList) return "none";
  const [items] = children as readonly Data[];
  if (items?.type.typeId !== Type.Float) return "none";
  const size = (type as unknown as { listSize: number }).listSize;
  return look(items, (item) => Math.floor(item / size) < data.length && data.getValid(Math.floor(item / size)) && items.getValid(item));
}

function look(data: Data, isVisible: (item: number) => boolean): ReturnType<typeof floatsIn> {
  const values = data.values as Float32Array | Float64Array | Uint16Array;
  const isHalf = values instanceof Uint16Array;
  let found: ReturnType<typeof floatsIn> = "none";
  for (let at = 0; at < data.length; at++) {
    if (!isVisible(at)) continue;
    if (!(isHalf ? isHalfNaN(values[at] as number) : Number.isNaN(values[at]))) return "numbers";
    found = "only NaN";
  }
  return found;
}

function isHalfNaN(bits: number): boolean {
  return (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
}
