import { isTypedArray, type Block, type Column, type PredictorSpec } from "@shoal/core";

/**
 * The rows of a block for a predictor's hands. People change batches in place, as when they normalise pixels; what then fails is predicted again in
 * parts, and those are cut from rows that nobody has changed. Backends don't write into what they are given, and get it as it is.
 */
export function ownCopy(block: Block, spec: PredictorSpec): Block {
  if (spec.kind === "declarative") return block;
  const columns: Record<string, Column> = {};
  for (const name in block.columns) columns[name] = copyColumn(block.columns[name] as Column);
  return { ...block, columns };
}

function copyColumn(column: Column): Column {
  const { values, validity } = column;
  const validityCopy = validity === undefined ? {} : { validity: validity.slice() };
  if (isTypedArray(values)) return { ...column, ...validityCopy, values: values.slice() };
  switch (column.type.kind) {
    case "null": case "arrow": return column;
    case "utf8": return { ...column, ...validityCopy, values: (values as readonly unknown[]).slice() };
    default: return { ...column, ...validityCopy, values: Array.from(values as readonly unknown[], copyValue) };
  }
}

/** Objects of classes stay as they are: what they hold can't be known. */
function copyValue(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyValue);
  if (isTypedArray(value)) return value.slice();
  if (value instanceof Date) return new Date(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, each] of Object.entries(value)) {
    if (key === "__proto__") Object.defineProperty(copy, key, { value: copyValue(each), enumerable: true, configurable: true, writable: true });
    else copy[key] = copyValue(each);
  }
  return copy;
}
