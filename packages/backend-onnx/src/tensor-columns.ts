import { isTypedArray, portColumnType, type Column, type ColumnType, type OnnxPort, type OnnxTensor, type TypedArray } from "@shoal/core";

/** The column type of one row of an output. Core's rule, and for what it has no form for: bools of a shape are uint8, strings of a shape a list. */
export function outputColumnType(port: OnnxPort): ColumnType {
  if (port.shape.length > 1 && port.type === "utf8") return { kind: "list", element: "utf8" };
  return portColumnType(port.shape.length > 1 && port.type === "bool" ? { ...port, type: "uint8" } : port);
}

/** The type of a row that is a whole output, of a model that knows no rows. */
export function wholeColumnType(port: OnnxPort): ColumnType {
  return outputColumnType({ ...port, shape: [1, ...port.shape] });
}

/** Output tensors, one after another along the first axis, as one column. */
export function columnFromTensors(tensors: readonly OnnxTensor[], type: ColumnType): Column {
  const length = tensors.reduce((rows, tensor) => rows + (tensor.shape[0] ?? 1), 0);
  if (type.kind === "list") return { type, length, values: tensors.flatMap(rowsOf) };
  return { type, length, values: joined(tensors.map((tensor) => tensor.data)) };
}

function rowsOf({ data, shape }: OnnxTensor): (TypedArray | readonly string[])[] {
  const rows = shape[0] ?? 1;
  const perRow = rows === 0 ? 0 : data.length / rows;
  return Array.from({ length: rows }, (_, row) => {
    const [start, end] = [row * perRow, (row + 1) * perRow];
    return isTypedArray(data) ? data.subarray(start, end) : data.slice(start, end);
  });
}

export function joined(parts: readonly (TypedArray | readonly string[])[]): TypedArray | readonly string[] {
  const [first] = parts;
  if (first === undefined) return [];
  if (parts.length === 1) return first;
  if (!isTypedArray(first)) return (parts as readonly (readonly string[])[]).flat();
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const result = new (first.constructor as new (length: number) => TypedArray)(length);
  let at = 0;
  for (const part of parts) {
    result.set(part as never, at);
    at += part.length;
  }
  return result;
}
