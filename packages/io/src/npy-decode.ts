import { columnFromValues, tensorColumn, type Column, type TypedArray } from "@shoal/core";
import { ContentFault } from "./content-fault.ts";

export interface NpyHeader {
  /** As NumPy writes it: `<f4`. */
  readonly dtype: string;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Where the numbers begin. */
  readonly dataStart: number;
}

/** No NumPy header is longer; version 2 exists for structured types, which are refused. */
export const maxHeaderBytes = 65_536 + 12;

/** Versions 1 to 3. @throws ContentFault */
export function readNpyHeader(bytes: Uint8Array): NpyHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < 10 || latin1(bytes.subarray(0, 6)) !== "\u0093NUMPY") {
    throw new ContentFault("bad-file", bytes[0] === 0x50 && bytes[1] === 0x4b ? "it is a zip, perhaps an .npz; unpack it first" : "it does not begin as an .npy file does");
  }
  const version = view.getUint8(6);
  if (version < 1 || version > 3) throw new ContentFault("unsupported-file", `its version is ${version}, and 1 to 3 are known`);
  const start = version === 1 ? 10 : 12;
  const dataStart = start + (version === 1 ? view.getUint16(8, true) : bytes.byteLength < 12 ? 0 : view.getUint32(8, true));
  if (dataStart > bytes.byteLength) throw new ContentFault("bad-file", `its header of ${dataStart} bytes is cut short`);
  const text = version === 3 ? new TextDecoder().decode(bytes.subarray(start, dataStart)) : latin1(bytes.subarray(start, dataStart));
  const dtype = /['"]descr['"]\s*:\s*['"]([^'"]*)['"]/.exec(text)?.[1];
  const order = /['"]fortran_order['"]\s*:\s*(True|False)/.exec(text)?.[1];
  const shape = /['"]shape['"]\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1];
  if (dtype === undefined && /['"]descr['"]\s*:\s*\[/.test(text)) throw new ContentFault("unsupported-file", "its rows are structured; save each field as an array of its own");
  if (dtype === undefined || order === undefined || shape === undefined) throw new ContentFault("bad-file", `its header can't be understood: ${text.trim().slice(0, 100)}`);
  const sizes = shape.split(",").filter((size) => size.trim() !== "").map((size) => Number.parseInt(size, 10));
  if (!Number.isSafeInteger(sizes.reduce((product, size) => product * size, 1))) throw new ContentFault("bad-file", `its shape is impossibly large: ${shape}`);
  return { dtype, fortranOrder: order === "True", shape: sizes, dataStart };
}

interface Dtype {
  readonly bytes: number;
  /** The column of `count` numbers, whose bytes are in this machine's order. */
  column(buffer: ArrayBuffer, shape: readonly number[]): Column;
}

/** @throws ContentFault for what has no column form: complex numbers, Python objects, dates. */
export function dtypeOf(dtype: string): Dtype {
  const [, order, kind, width] = /^([<>|=]?)([a-zA-Z?])(\d*)$/.exec(dtype) ?? [];
  const size = Number(width);
  const numbers = arrayTypes[`${kind}${width}`];
  if (numbers !== undefined) return { bytes: size, column: (buffer, shape) => tensorColumn(new numbers(ordered(buffer, size, order)), shape) };
  switch (`${kind}${width}`) {
    case "b1": case "?": return { bytes: 1, column: boolColumn };
    case "f2": return { bytes: 2, column: (buffer, shape) => tensorColumn(Float32Array.from(new Uint16Array(ordered(buffer, 2, order)), halfToFloat), shape) };
  }
  if (kind === "U" || kind === "S") {
    const bytes = kind === "U" ? 4 * size : size;
    return { bytes, column: (buffer, shape) => textColumn(kind === "U" ? ordered(buffer, 4, order) : buffer, bytes, kind, shape) };
  }
  const what = kind === "c" ? "complex numbers" : kind === "O" ? "Python objects" : kind === "M" || kind === "m" ? "NumPy dates" : `numbers of type "${dtype}"`;
  throw new ContentFault("unsupported-file", `${what} have no column form; save them as numbers or text`);
}

const arrayTypes: Readonly<Record<string, new (buffer: ArrayBuffer) => TypedArray>> = {
  i1: Int8Array, i2: Int16Array, i4: Int32Array, i8: BigInt64Array, u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, u8: BigUint64Array, f4: Float32Array, f8: Float64Array,
};

function ordered(buffer: ArrayBuffer, size: number, order: string | undefined): ArrayBuffer {
  if (order !== ">" || size === 1) return buffer;
  const bytes = new Uint8Array(buffer);
  for (let at = 0; at + size <= bytes.length; at += size) bytes.subarray(at, at + size).reverse();
  return buffer;
}

/** One flag a row is a bool column; several are a tensor of 0 and 1. */
function boolColumn(buffer: ArrayBuffer, shape: readonly number[]): Column {
  const values = new Uint8Array(buffer);
  return shape.length === 0 ? { type: { kind: "bool" }, length: values.length, values } : tensorColumn(values, shape);
}

function halfToFloat(half: number): number {
  const sign = half >> 15 === 1 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? 2 ** -24 * fraction : 2 ** (exponent - 15) * (1 + fraction / 1024));
}

/** Fixed-width text, padded with zeros. More than one text a row is a list. */
function textColumn(buffer: ArrayBuffer, bytes: number, kind: "U" | "S", shape: readonly number[]): Column {
  const count = bytes === 0 ? 0 : buffer.byteLength / bytes;
  const texts = Array.from({ length: count }, (_, at) => {
    if (kind === "S") return latin1(new Uint8Array(buffer, at * bytes, bytes)).replace(/\0+$/, "");
    const points = new Uint32Array(buffer, at * bytes, bytes / 4);
    const end = points.findLastIndex((point) => point !== 0) + 1;
    return Array.from(points.subarray(0, end), (point) => (point <= 0x10ffff ? String.fromCodePoint(point) : "\ufffd")).join("");
  });
  if (shape.length === 0) return columnFromValues(texts, { kind: "utf8" });
  const perRow = shape.reduce((product, size) => product * size, 1);
  const rows = Array.from({ length: perRow === 0 ? 0 : count / perRow }, (_, row) => texts.slice(row * perRow, (row + 1) * perRow));
  return columnFromValues(rows, { kind: "list", element: "utf8" });
}

/** Column-major to row-major: the first axis is the slowest again. */
export function fromFortranOrder(bytes: Uint8Array, size: number, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const target = new Uint8Array(bytes.byteLength);
  const count = shape.reduce((product, length) => product * length, 1);
  const index = new Array<number>(shape.length).fill(0);
  for (let from = 0; from < count; from++) {
    let to = 0;
    for (let axis = 0; axis < shape.length; axis++) to = to * (shape[axis] as number) + (index[axis] as number);
    for (let byte = 0; byte < size; byte++) target[to * size + byte] = bytes[from * size + byte] as number;
    for (let axis = 0; axis < shape.length; axis++) {
      index[axis] = ((index[axis] as number) + 1) % (shape[axis] as number);
      if (index[axis] !== 0) break;
    }
  }
  return target;
}

/** A TextDecoder's `latin1` is another one in browsers (windows-1252) than in Node. */
function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
