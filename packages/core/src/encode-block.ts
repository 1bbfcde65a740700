import { arrowCode } from "./arrow-code.ts";
import { withJsonText } from "./arrow-exact-text.ts";
import { arrowField, type ArrowArray, type ArrowField, type ArrowType } from "./arrow-layout.ts";
import type { Block } from "./block.ts";
import type { Column } from "./column.ts";
import { flatBuffer, flatByte, flatInt, flatList, flatLong, flatPairs, flatShort, flatTable, flatText, type FlatPart } from "./flat-buffer.ts";
import { isNumberKind } from "./typed-array.ts";

/** In the metadata of a block's schema. */
export const lineageKey = "shoal:lineage";

/**
 * A block as an Arrow IPC stream, lineage included; any Arrow reader reads the columns. apache-arrow is needed only where a column is an Arrow vector.
 * @throws `arrow-not-loaded`, see `arrowFor`
 */
export function encodeBlock(block: Block): Uint8Array<ArrayBuffer> {
  const metadata = new Map([[lineageKey, JSON.stringify({ rows: block.rows, lineage: block.lineage })]]);
  const exact = withJsonText(block);
  if (Object.values(block.columns).some((column) => column.type.kind === "arrow")) return arrowCode().encodeTable(exact.block, metadata, exact.notes);
  const fields = Object.entries(exact.block.columns).map(([name, column]) => noted(arrowField(name, column), exact.notes.get(name)));
  const parts = [message(schemaMessage, schema(fields, metadata)), ...rowsMessage(block.rows, fields), end];
  return joined(parts);
}

function noted(field: ArrowField, note: readonly [string, string] | undefined): ArrowField {
  return note === undefined ? field : { ...field, metadata: new Map([...field.metadata, note]) };
}

/** The schema of some columns alone, as an Arrow IPC stream without rows; none of them is an Arrow vector. */
export function encodeColumns(columns: Readonly<Record<string, Column>>): Uint8Array<ArrayBuffer> {
  return joined([message(schemaMessage, schema(Object.entries(columns).map(([name, column]) => arrowField(name, column)), new Map())), end]);
}

const end = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0);
const [schemaMessage, rowsHeader] = [1, 3];
/** Version 5 of the format. */
const metadataVersion = 4;

/** What stands before a message's body: its length, and what it is. */
function message(kind: number, header: FlatPart, bodyBytes = 0): Uint8Array {
  const metadata = flatBuffer(flatTable(flatShort(metadataVersion), flatByte(kind), header, flatLong(bodyBytes)));
  const bytes = new Uint8Array(padded(8 + metadata.length));
  const view = new DataView(bytes.buffer);
  view.setInt32(0, -1, true);
  view.setInt32(4, bytes.length - 8, true);
  bytes.set(metadata, 8);
  return bytes;
}

function schema(fields: readonly ArrowField[], metadata: ReadonlyMap<string, string>): FlatPart {
  return flatTable(flatShort(0), flatList(fields.map(fieldPart)), notes(metadata));
}

function fieldPart({ name, nullable, metadata, array }: ArrowField): FlatPart {
  const [kind, type] = typePart(array.type);
  const children = flatList((array.children ?? []).map(fieldPart));
  return flatTable(flatText(name), flatByte(Number(nullable)), flatByte(kind), type, undefined, children, notes(metadata));
}

function notes(metadata: ReadonlyMap<string, string>): FlatPart | undefined {
  return metadata.size === 0 ? undefined : flatList(Array.from(metadata, ([key, value]) => flatTable(flatText(key), flatText(value))));
}

/** The number of a type in Arrow's union of types, and its table. */
function typePart(type: ArrowType): readonly [number, FlatPart] {
  switch (type.kind) {
    case "null": return [1, flatTable()];
    case "binary": return [4, flatTable()];
    case "utf8": return [5, flatTable()];
    case "bool": return [6, flatTable()];
    case "timestamp": return [10, flatTable(flatShort(1))];
    case "list": return [12, flatTable()];
    case "struct": return [13, flatTable()];
    case "tensor": return [16, flatTable(flatInt(type.perRow))];
    case "float32": return [3, flatTable(flatShort(1))];
    case "float64": return [3, flatTable(flatShort(2))];
    default: return [2, flatTable(flatInt(Number(type.kind.replace(/\D+/, ""))), flatByte(Number(type.kind.startsWith("int"))))];
  }
}

function rowsMessage(rows: number, fields: readonly ArrowField[]): Uint8Array[] {
  const arrays = fields.flatMap(({ array }) => withChildren(array));
  const buffers = arrays.flatMap(buffersOf);
  let bodyBytes = 0;
  const places = buffers.map(({ byteLength }) => {
    const place = [bodyBytes, byteLength] as const;
    bodyBytes += padded(byteLength);
    return place;
  });
  const header = flatTable(flatLong(rows), flatPairs(arrays.map(({ length, nullCount }) => [length, nullCount])), flatPairs(places));
  return [message(rowsHeader, header, bodyBytes), ...buffers];
}

function withChildren(array: ArrowArray): ArrowArray[] {
  return [array, ...(array.children ?? []).flatMap((child) => withChildren(child.array))];
}

const nothing = new Uint8Array();

/** The buffers that a type has, in Arrow's order: which rows are there, where they begin, and what they are. */
function buffersOf({ type, nullBitmap, valueOffsets, data }: ArrowArray): Uint8Array[] {
  if (type.kind === "null") return [];
  const hasData = type.kind === "bool" || type.kind === "timestamp" || type.kind === "utf8" || type.kind === "binary" || isNumberKind(type.kind);
  return [nullBitmap ?? nothing, ...(valueOffsets === undefined ? [] : [bytesOf(valueOffsets)]), ...(hasData ? [bytesOf(data ?? nothing)] : [])];
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** All parts behind each other, each at a multiple of 8. */
function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + padded(part.byteLength), 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += padded(part.byteLength);
  }
  return bytes;
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
