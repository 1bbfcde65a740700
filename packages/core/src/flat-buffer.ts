/** A number as a field of a flatbuffer's table: how many bytes it takes, and its value. */
interface FlatNumber {
  readonly bytes: 1 | 2 | 4 | 8;
  readonly value: number;
}

/** What lies elsewhere in the flatbuffer: it writes itself, and gives its place. */
export type FlatPart = (out: FlatWriter) => number;

export const flatByte = (value: number): FlatNumber => ({ bytes: 1, value });
export const flatShort = (value: number): FlatNumber => ({ bytes: 2, value });
export const flatInt = (value: number): FlatNumber => ({ bytes: 4, value });
export const flatLong = (value: number): FlatNumber => ({ bytes: 8, value });

/** A table with its fields in the order of the schema; absent ones have their defaults. */
export function flatTable(...fields: readonly (FlatNumber | FlatPart | undefined)[]): FlatPart {
  return (out) => {
    const sizeOf = (field: FlatNumber | FlatPart | undefined): number => (field === undefined ? 0 : typeof field === "function" ? 4 : field.bytes);
    const places = new Array<number>(fields.length).fill(0);
    let size = 4;
    for (const width of [8, 4, 2, 1]) {
      fields.forEach((field, at) => {
        if (sizeOf(field) !== width) return;
        places[at] = size;
        size += width;
      });
    }
    const list = out.take(4 + 2 * fields.length, 2, 0);
    out.view.setUint16(list, 4 + 2 * fields.length, true);
    out.view.setUint16(list + 2, size, true);
    places.forEach((place, at) => out.view.setUint16(list + 4 + 2 * at, place, true));
    // The largest fields come first, right behind the four bytes that lead to the list of places.
    const table = out.take(size, 8, 4);
    out.view.setInt32(table, table - list, true);
    fields.forEach((field, at) => {
      const place = table + (places[at] as number);
      if (typeof field === "function") out.lead(place, field);
      else if (field !== undefined) out.number(place, field);
    });
    return table;
  };
}

export function flatText(text: string): FlatPart {
  return (out) => {
    const bytes = new TextEncoder().encode(text);
    const at = out.take(4 + bytes.length + 1, 4, 0);
    out.view.setUint32(at, bytes.length, true);
    out.bytes.set(bytes, at + 4);
    return at;
  };
}

export function flatList(parts: readonly FlatPart[]): FlatPart {
  return (out) => {
    const list = out.take(4 + 4 * parts.length, 4, 0);
    out.view.setUint32(list, parts.length, true);
    parts.forEach((part, at) => out.lead(list + 4 + 4 * at, part));
    return list;
  };
}

/** A list of pairs of longs. */
export function flatPairs(pairs: readonly (readonly [number, number])[]): FlatPart {
  return (out) => {
    const list = out.take(4 + 16 * pairs.length, 8, 4);
    out.view.setUint32(list, pairs.length, true);
    pairs.flat().forEach((value, at) => out.number(list + 4 + 8 * at, flatLong(value)));
    return list;
  };
}

/** A whole flatbuffer. */
export function flatBuffer(root: FlatPart): Uint8Array {
  const out = new FlatWriter();
  out.lead(out.take(4, 8, 0), root);
  return out.bytes.subarray(0, out.length);
}

/** Writes from front to back: what leads somewhere comes before what it leads to. */
class FlatWriter {
  bytes = new Uint8Array(1024);
  view = new DataView(this.bytes.buffer);
  length = 0;

  /** The place of so many new bytes, at a multiple of `alignment` and `beyond`. They are zero. */
  take(size: number, alignment: number, beyond: number): number {
    const at = this.length + ((((beyond - this.length) % alignment) + alignment) % alignment);
    this.length = at + size;
    if (this.length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.length));
      larger.set(this.bytes);
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    return at;
  }

  lead(from: number, part: FlatPart): void {
    const to = part(this);
    this.view.setUint32(from, to - from, true);
  }

  number(at: number, { bytes, value }: FlatNumber): void {
    if (bytes === 1) this.view.setUint8(at, value);
    else if (bytes === 2) this.view.setInt16(at, value, true);
    else if (bytes === 4) this.view.setInt32(at, value, true);
    else this.view.setBigInt64(at, BigInt(value), true);
  }
}
