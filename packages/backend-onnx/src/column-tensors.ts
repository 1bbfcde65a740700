import {
  allocate, elementsPerRow, formatShape, formatType, isMissing, isTypedArray, kindOf, preview, ShoalError,
  type Column, type NumberKind, type OnnxPort, type OnnxTensor, type TypedArray,
} from "@shoal/core";

/** What a column is given to, for messages. */
export interface Target {
  readonly port: OnnxPort;
  readonly column: string;
  readonly model: string;
}

/**
 * A column as the tensor that one input takes: [rows, …].
 * @throws `wrong-input` naming column, expected and got; `missing-value` naming the row.
 */
export function tensorFromColumn(column: Column, target: Target): OnnxTensor {
  refuseMissing(column, target);
  const { port } = target;
  const type = port.type === "float16" ? "float32" : port.type;
  const { data, rowShape } = flatRows(column, target);
  const shape = [column.length, ...fittedShape(rowShape, column, target)];
  if (type === "utf8") {
    if (isTypedArray(data)) throw wrongInput(target, `strings are wanted, ${formatType(column.type)} was got`);
    return { type, shape, data: data as readonly string[] };
  }
  if (!isTypedArray(data)) throw wrongInput(target, `numbers are wanted, ${formatType(column.type)} was got`);
  return { type, shape, data: convertNumbers(data, type, target, data.length / (column.length || 1)) };
}

function refuseMissing(column: Column, { column: name, model }: Target): void {
  for (let row = 0; row < column.length; row++) {
    if (!isMissing(column, row)) continue;
    throw new ShoalError("missing-value", `${model}: row ${row} has no value in column "${name}".`, {
      hint: "Filter such rows out before this step, or fill them in.", failure: "row", details: { row, column: name },
    });
  }
}

interface FlatRows {
  readonly data: TypedArray | readonly unknown[];
  /** Of one row; `undefined` entries can't occur: rows of unlike length are refused. */
  readonly rowShape: readonly number[];
}

/** All values of a column in one flat array. */
function flatRows(column: Column, target: Target): FlatRows {
  const { type, values } = column;
  switch (type.kind) {
    case "tensor": return { data: values as TypedArray, rowShape: type.shape };
    case "list": case "binary": return joinedLists(values as readonly ArrayLike<unknown>[], target);
    case "json": case "arrow": case "null": throw wrongInput(target, `${formatType(type)} was got`, "Make numbers, strings or equally long lists of it in a map step before.");
    default: return { data: values as TypedArray | readonly string[], rowShape: [] };
  }
}

function joinedLists(lists: readonly ArrayLike<unknown>[], target: Target): FlatRows {
  const [first] = lists;
  if (first === undefined) return { data: new Float32Array(0), rowShape: target.port.shape.slice(1).map((size) => (typeof size === "number" && size > 0 ? size : 1)) };
  const { length } = first;
  const odd = lists.findIndex((list) => list.length !== length);
  if (odd >= 0) {
    throw wrongInput(target, `row 0 has ${length} values and row ${odd} ${lists[odd]?.length}`, "Pad or cut the lists to one length before this step, or use batchSize: 1.");
  }
  const rowShape = [length];
  if (!isTypedArray(first) && typeof first[0] === "string") return { data: lists.flatMap((list) => Array.from(list)), rowShape };
  const kind = lists.every((list) => isTypedArray(list) && kindOf(list) === kindOf(first as TypedArray)) ? kindOf(first as TypedArray) : "float64";
  const joined = allocate(kind, lists.length * length);
  lists.forEach((list, row) => {
    for (let at = 0; at < length; at++) joined[row * length + at] = (kind === "float64" ? Number(list[at]) : list[at]) as never;
  });
  return { data: joined, rowShape };
}

/** The shape of one row as the model wants it. A flat row is cut into the model's shape; axes of size 1 may differ. */
function fittedShape(got: readonly number[], column: Column, target: Target): readonly number[] {
  const { port } = target;
  // A port without dimensions is a scalar, or of unknown rank.
  if (port.shape.length === 0) return got;
  const wanted = port.shape.slice(1);
  if (agrees(got, wanted)) return got;
  const size = got.reduce((product, length) => product * length, 1);
  const free = wanted.filter((length) => typeof length !== "number" || length < 0).length;
  const fixed = wanted.reduce<number>((product, length) => (typeof length === "number" && length >= 0 ? product * length : product), 1);
  const flat = got.length <= 1 && free === 0 && fixed === size;
  const squeezed = String(got.filter((length) => length !== 1)) === String(wanted.filter((length) => length !== 1));
  if (flat || (free === 0 && squeezed)) return wanted as number[];
  if (got.length === 0 && fixed === 1) return wanted.map(() => 1);
  throw wrongInput(target, `shape ${formatShape(["rows", ...wanted])} is wanted, ${formatShape(["rows", ...got])} was got (${formatType(column.type)})`);
}

function agrees(got: readonly number[], wanted: OnnxPort["shape"]): boolean {
  return got.length === wanted.length && wanted.every((size, axis) => typeof size !== "number" || size < 0 || size === got[axis]);
}

/** Numbers as another kind. Only rounding to float32 is taken silently; uint8 pixels become the same numbers as floats. */
export function convertNumbers(data: TypedArray, type: NumberKind | "bool", target: Target, perRow: number): TypedArray {
  const from = kindOf(data);
  if (from === type || (type === "bool" && from === "uint8" && data.every((value) => value <= 1))) return data;
  const wide = data instanceof BigInt64Array || data instanceof BigUint64Array;
  const result = allocate(type, data.length);
  if (type === "float32" || type === "float64") {
    for (let at = 0; at < data.length; at++) result[at] = Number(data[at]) as never;
    return result;
  }
  const big = result instanceof BigInt64Array || result instanceof BigUint64Array;
  for (let at = 0; at < data.length; at++) {
    const value = data[at] as number | bigint;
    if (wide || Number.isInteger(value)) result[at] = (big ? BigInt(value) : Number(value)) as never;
    if (Number(result[at]) !== Number(value) || (type === "bool" && Number(value) > 1)) {
      const row = Math.floor(at / perRow);
      throw new ShoalError("wrong-input", `${target.model}: row ${row} has ${preview(value)} in column "${target.column}", which is no ${type}, as input "${target.port.name}" wants.`, {
        hint: "Convert the column in a step before this one, or handle such rows with onError.", failure: "row", details: { row, column: target.column },
      });
    }
  }
  return result;
}

function wrongInput({ port, column, model }: Target, what: string, hint?: string): ShoalError {
  return new ShoalError("wrong-input", `${model}: column "${column}" does not fit input "${port.name}" (${port.type}${formatShape(port.shape)}): ${what}.`, {
    failure: "row", details: { column, input: port.name }, ...(hint === undefined ? {} : { hint }),
  });
}

/** Rows `start` to `end` (exclusive) of a tensor; shares its memory. */
export function sliceTensor(tensor: OnnxTensor, start: number, end: number): OnnxTensor {
  const perRow = elementsPerRow({ kind: "tensor", element: "float32", shape: tensor.shape.slice(1) });
  const { data } = tensor;
  const cut = isTypedArray(data) ? data.subarray(start * perRow, end * perRow) : data.slice(start * perRow, end * perRow);
  return { type: tensor.type, shape: [end - start, ...tensor.shape.slice(1)], data: cut };
}
