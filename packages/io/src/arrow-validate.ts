import { ShoalError } from "@shoal/core";
import { Type, type Data, type DataType } from "apache-arrow";

/**
 * That buffers are as long as the lengths say, offsets rise and stay inside, and dictionary codes exist: apache-arrow itself takes all
 * that on trust and would give `undefined`, or another row's bytes.
 * @throws RangeError
 */
export function validateData(data: Data, name: string): void {
  const { type, length, children } = data;
  if (!Number.isSafeInteger(length) || length < 0) throw new RangeError(`column "${name}" has a length of ${length}`);
  const need = (have: number, least: number, what: string): void => {
    if (!(have >= least)) throw new RangeError(`column "${name}" needs ${least} ${what} and has ${have}`);
  };
  if (length > 0 && data.nullCount > 0 && type.typeId !== Type.Null && type.typeId !== Type.Union) need(data.nullBitmap?.byteLength ?? 0, Math.ceil(length / 8), "bytes of null bitmap");
  switch (type.typeId) {
    case Type.Null: return;
    case Type.Bool: need((data.values as Uint8Array).byteLength, Math.ceil(length / 8), "bytes of values"); return;
    case Type.Utf8: case Type.Binary: case Type.LargeUtf8: case Type.LargeBinary:
      checkOffsets(data, (data.values as Uint8Array | null)?.byteLength ?? 0, need);
      return;
    case Type.List: case Type.Map: checkOffsets(data, (children[0] as Data).length, need); break;
    case Type.FixedSizeList: need((children[0] as Data).length, length * (type as unknown as { listSize: number }).listSize, "items"); break;
    case Type.Struct: for (const child of children) need((child as Data).length, length, "rows in each field"); break;
    case Type.Union: checkUnion(data, need); break;
    case Type.Dictionary: checkCodes(data, name, need); return;
    case Type.LargeList: throw new ShoalError("unsupported-file", `column "${name}" is a list with 64-bit offsets, which apache-arrow does not read`);
    default: need((data.values as ArrayLike<unknown> | null)?.length ?? 0, length * data.stride, "values");
  }
  children.forEach((child, at) => validateData(child as Data, `${name}.${type.children[at]?.name ?? at}`));
}

type Need = (have: number, least: number, what: string) => void;

function checkOffsets(data: Data, size: number, need: Need): void {
  if (data.length === 0) return;
  const offsets = data.valueOffsets as unknown as ArrayLike<number | bigint>;
  need(offsets.length, data.length + 1, "offsets");
  let before = Number(offsets[0]);
  need(before, 0, "as first offset at least");
  for (let row = 1; row <= data.length; row++) {
    const offset = Number(offsets[row]);
    need(offset, before, `as offset of row ${row} at least`);
    before = offset;
  }
  need(size, before, "bytes or items");
}

function checkUnion(data: Data, need: Need): void {
  const { typeIds, type, length, children } = data;
  need(typeIds?.length ?? 0, length, "type ids");
  const { typeIdToChildIndex, mode } = type as unknown as { typeIdToChildIndex: Record<number, number>; mode: number };
  const offsets = data.valueOffsets as Int32Array | undefined;
  const dense = mode === 1;
  if (dense) need(offsets?.length ?? 0, length, "offsets");
  for (let row = 0; row < length; row++) {
    const child = children[typeIdToChildIndex[(typeIds as Int8Array)[row] as number] ?? -1] as Data<DataType> | undefined;
    if (child === undefined) throw new RangeError(`row ${row} of a union has a type id that the schema lacks`);
    const at = dense ? ((offsets as Int32Array)[row] as number) : row;
    need(at, 0, "as offset at least");
    need(child.length, at + 1, "rows in a union's field");
  }
}

function checkCodes(data: Data, name: string, need: Need): void {
  const codes = data.values as ArrayLike<number | bigint>;
  need(codes.length, data.length, "dictionary codes");
  const size = data.dictionary?.length ?? 0;
  for (let row = 0; row < data.length; row++) {
    const code = Number(codes[row]);
    if ((code < 0 || code >= size) && data.getValid(row)) throw new RangeError(`column "${name}" has code ${code} in row ${row}, and ${size} entries in its dictionary`);
  }
  for (const chunk of data.dictionary?.data ?? []) validateData(chunk as Data, `${name} (dictionary)`);
}
