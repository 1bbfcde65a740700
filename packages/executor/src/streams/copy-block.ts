import { isTypedArray, type Block, type Column, type Datasource, type TypedArray } from "@shoal/core";

/** What of a block is shared, or may be written into: its columns, or only the objects that its rows hold (tensors are such, too). */
export type Reach = NonNullable<Datasource["sharesMemory"]>;

/** The further of two. */
export function furtherOf(one: Reach | undefined, other: Reach | undefined): Reach | undefined {
  return one === "columns" || other === "columns" ? "columns" : (one ?? other);
}

/**
 * The same rows, for hands that may write into them.
 * @param shared what of the block is somebody else's
 * @param written what may be changed in place
 */
export function copyBlock(block: Block, shared: Reach = "columns", written: Reach = "columns"): Block {
  const columns: Record<string, Column> = {};
  for (const name of Object.keys(block.columns)) columns[name] = copyColumn(block.columns[name] as Column, shared, written);
  return { ...block, columns };
}

function copyColumn(column: Column, shared: Reach, written: Reach): Column {
  const { type, values, validity } = column;
  const whole = shared === "columns" && written === "columns";
  const validityCopy = validity === undefined || !whole ? {} : { validity: validity.slice() };
  // A row of a tensor is a view of the column.
  if (isTypedArray(values)) return whole || (shared === "columns" && type.kind === "tensor") ? { ...column, ...validityCopy, values: copyNumbers(values) } : column;
  switch (type.kind) {
    case "null": case "arrow": return column;
    case "utf8": return whole ? { ...column, ...validityCopy, values: (values as readonly unknown[]).slice() } : column;
    default: return { ...column, ...validityCopy, values: Array.from(values as readonly unknown[], copyOrSame) };
  }
}

/** A Buffer's own `slice` is no copy. */
function copyNumbers(values: TypedArray): TypedArray {
  return (values instanceof Uint8Array ? Uint8Array.prototype.slice.call(values) : values.slice()) as TypedArray;
}

/** What can't be read through (a getter that throws, a value that contains itself) stays as it is. */
function copyOrSame(value: unknown): unknown {
  try {
    return copyValue(value);
  } catch {
    return value;
  }
}

/** Objects of classes stay as they are: what they hold can't be known. */
function copyValue(value: unknown): unknown {
  if (!isObject(value)) return value;
  if (isTypedArray(value)) return copyNumbers(value);
  if (value instanceof Date) return new Date(value);
  if (Array.isArray(value)) {
    const copy: unknown[] = value.slice();
    for (let at = 0; at < copy.length; at++) if (isObject(copy[at])) copy[at] = copyValue(copy[at]);
    return copy;
  }
  const copy = copyOfPlain(value);
  if (copy === undefined) return value;
  for (const key of Object.keys(copy)) if (isObject(copy[key])) copy[key] = copyValue(copy[key]);
  return copy;
}

function copyOfPlain(value: object): Record<string, unknown> | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return { ...value };
  return prototype === null ? (Object.assign(Object.create(null), value) as Record<string, unknown>) : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
