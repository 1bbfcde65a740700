/** Where the schema's table lies in a message's flatbuffer: its header (field 2), if that is a schema (field 1 is 1). */
export function schemaOfMessage(view: DataView): number | undefined {
  const message = tableAt(view, view.getInt32(0, true) === -1 ? 8 : 4);
  const headerType = fieldAt(view, message, 1);
  return headerType !== undefined && view.getUint8(headerType) === 1 ? tableAt(view, message, 2) : undefined;
}

/** The same in the footer of a file (field 1). @throws RangeError */
export function schemaOfFooter(view: DataView): number {
  return tableAt(view, tableAt(view, 0), 1);
}

/** @throws RangeError */
export function isBigEndian(view: DataView, schema: number): boolean {
  const endianness = fieldAt(view, schema, 0);
  return endianness !== undefined && view.getInt16(endianness, true) === 1;
}

/**
 * How many columns a schema has, when it can be whole: apache-arrow believes every length, and one flipped bit makes it list two thousand
 * million fields. Fields, their children and their notes each take four bytes at least, so there can't be more than fit.
 * @throws RangeError
 */
export function countColumns(view: DataView, schema: number): number {
  let left = view.byteLength / 4;
  const items = (table: number, field: number): { length: number; start: number } => {
    const at = fieldAt(view, table, field);
    if (at === undefined) return { length: 0, start: 0 };
    const vector = at + view.getUint32(at, true);
    const length = view.getUint32(vector, true);
    left -= length;
    if (left < 0 || vector + 4 + 4 * length > view.byteLength) throw new RangeError("a list in its schema is longer than the schema");
    return { length, start: vector + 4 };
  };
  const fields = (table: number, field: number): number => {
    const { length, start } = items(table, field);
    for (let at = 0; at < length; at++) {
      const column = tableAt(view, start + 4 * at);
      fields(column, 5);
      items(column, 6);
    }
    return length;
  };
  items(schema, 2);
  return fields(schema, 1);
}

/** The table that a flatbuffer's offset leads to: the offset at `at`, or the one in a field of the table at `at`. */
function tableAt(view: DataView, at: number, field?: number): number {
  const offset = field === undefined ? at : fieldAt(view, at, field);
  if (offset === undefined) throw new RangeError(`the flatbuffer lacks field ${field}`);
  return offset + view.getUint32(offset, true);
}

/** Where a field of a flatbuffer's table lies; undefined where it has its default. */
function fieldAt(view: DataView, table: number, field: number): number | undefined {
  const vtable = table - view.getInt32(table, true);
  const known = 4 + 2 * field < view.getUint16(vtable, true);
  const offset = known ? view.getUint16(vtable + 4 + 2 * field, true) : 0;
  return offset === 0 ? undefined : table + offset;
}

/**
 * The messages of an IPC stream up to its end, found by their lengths alone: where each lies whole, and what kind it is.
 * @throws RangeError where a length leads out of the bytes
 */
export function* streamMessages(bytes: Uint8Array): Generator<{ readonly kind: "schema" | "dictionary" | "rows"; readonly isCompressed: boolean }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.byteLength;) {
    if (view.getInt32(at, true) !== -1) throw new RangeError(`no message begins at byte ${at}`);
    const length = view.getInt32(at + 4, true);
    if (length === 0) return;
    const start = at + 8;
    if (length < 8 || length > bytes.byteLength - start) throw new RangeError(`a message at byte ${at} is longer than what there is`);
    const metadata = new DataView(bytes.buffer, bytes.byteOffset + start, length);
    const table = tableAt(metadata, 0);
    const kind = kinds[metadata.getUint8(fieldAt(metadata, table, 1) ?? 0)];
    if (kind === undefined) throw new RangeError(`a message at byte ${at} is of no known kind`);
    const bodyAt = fieldAt(metadata, table, 3);
    const body = bodyAt === undefined ? 0 : Number(metadata.getBigInt64(bodyAt, true));
    if (!(body >= 0 && body <= bytes.byteLength - start - length)) throw new RangeError(`the body of a message at byte ${at} is longer than what there is`);
    checkLength(metadata, table, 4, 4);
    let isCompressed = false;
    if (kind !== "schema") {
      const header = tableAt(metadata, table, 2);
      const batch = kind === "rows" ? header : tableAt(metadata, header, 1);
      isCompressed = fieldAt(metadata, batch, 3) !== undefined;
      for (const field of [1, 2]) checkLength(metadata, batch, field, 16);
      checkLength(metadata, batch, 4, 8);
    }
    yield { kind, isCompressed };
    at = start + length + body;
  }
}

const kinds: Readonly<Record<number, "schema" | "dictionary" | "rows">> = { 1: "schema", 2: "dictionary", 3: "rows" };

/** That a list, whose items take `itemBytes` each, is no longer than what it lies in: apache-arrow would go on for two thousand million items. @throws RangeError */
function checkLength(view: DataView, table: number, field: number, itemBytes: number): void {
  const at = fieldAt(view, table, field);
  if (at === undefined) return;
  const vector = at + view.getUint32(at, true);
  if (vector + 4 + itemBytes * view.getUint32(vector, true) > view.byteLength) throw new RangeError("a list in a message is longer than the message");
}
