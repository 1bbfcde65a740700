import { Type, type Data } from "apache-arrow";

const bytesOfAny = 8;
/** More than these take no bytes of their own, or do not fit anywhere. */
const mostEntries = 2 ** 26;

/** About how many bytes a column takes once it is decoded: few bytes of Arrow can stand for many. Sound data only (see `validateData`). */
export function decodedBytes(data: Data): number {
  const { type, length, children } = data;
  switch (type.typeId) {
    case Type.Dictionary: return bytesOfAny * length + bytesOfEntries(data);
    case Type.Utf8: case Type.Binary: case Type.LargeUtf8: case Type.LargeBinary: return bytesOfAny * length + ((data.values as Uint8Array | null)?.byteLength ?? 0);
    default: return children.reduce((sum, child) => sum + decodedBytes(child as Data), Math.max(bytesOfAny * length, (data.values as Uint8Array | null)?.byteLength ?? 0));
  }
}

/** Each row has an entry of the dictionary to itself once it is decoded. */
function bytesOfEntries({ values, length, dictionary }: Data): number {
  if (dictionary === null || dictionary === undefined || dictionary.length === 0) return 0;
  const sizes: number[] = [];
  for (const chunk of dictionary.data as readonly Data[]) {
    const offsets = chunk.children.length === 0 ? (chunk.valueOffsets as unknown as ArrayLike<number | bigint> | undefined) : undefined;
    if (chunk.length > mostEntries) return Infinity;
    // Of what is nested, only the whole is known.
    const whole = decodedBytes(chunk);
    for (let entry = 0; entry < chunk.length; entry++) sizes.push(offsets === undefined || offsets === null ? whole / (chunk.children.length === 0 ? chunk.length : 1) : Number(offsets[entry + 1]) - Number(offsets[entry]));
  }
  let sum = 0;
  const codes = values as ArrayLike<number | bigint>;
  for (let row = 0; row < length; row++) sum += sizes[Number(codes[row])] ?? 0;
  return sum;
}
