import { isAllMissing, type Block, type RasterImage } from "@shoal/core";
import { blockFromTable, columnName } from "@shoal/core/arrow";
import { RecordBatchReader, Table, Type, type Data, type DataType, type Field, type RecordBatch, type Schema } from "apache-arrow";
import { countColumns, isBigEndian, schemaOfMessage, streamMessages } from "./arrow-flatbuffer.ts";
import { floatsIn } from "./arrow-numbers.ts";
import { decodedBytes } from "./arrow-size.ts";
import { firstRepeated } from "./first-repeated.ts";
import { validateData } from "./arrow-validate.ts";

/** What a block of strangers must be. */
export interface BlockExpectation {
  readonly rows: number;
  /** Of its bytes, in hex: looked at before them, in the same thread. `inspectBlock` itself does not. */
  readonly sha256?: string;
  /** Their SHA-256 is to be said. */
  readonly asksSha256?: boolean;
  /** Its columns: these and no others, in any order. */
  readonly columns?: readonly string[];
  /** Columns that hold nothing but NaN, or no value at all, are allowed: they may be those of the input, come back. */
  readonly anyValues?: boolean;
  /** Of the block in memory. */
  readonly maxDecodedBytes?: number;
}

/** What is wrong with it. */
export interface BlockFault {
  readonly message: string;
  readonly column?: string;
  readonly row?: number;
}

const defaultDecodedBytes = 512 * 2 ** 20;
const mostColumns = 10_000;
const lineageKey = "shoal:lineage";
/** Views may lie over one another without end, and none of the others is read by apache-arrow. */
const unread: ReadonlySet<Type> = new Set([Type.Utf8View, Type.BinaryView, Type.LargeList, Type.Union, Type.SparseUnion, Type.DenseUnion]);

/**
 * Looks at bytes of strangers, and at all of them: whoever decodes them afterwards meets no surprise. May loop or throw anything, so it runs where a
 * timeout can stop it.
 */
export function inspectBlock(bytes: Uint8Array, expected: BlockExpectation): BlockFault | undefined {
  const { rows, columns, anyValues = false, maxDecodedBytes = defaultDecodedBytes } = expected;
  checkMessages(bytes);
  const reader = RecordBatchReader.from(bytes) as unknown as Iterable<RecordBatch> & { readonly schema: Schema; open(options: object): unknown };
  reader.open({ autoDestroy: false });
  const { schema } = reader;
  const fault = faultOfColumns(schema, rows === 0 ? undefined : columns);
  if (fault !== undefined) return fault;
  const batches: RecordBatch[] = [];
  /** Columns that have shown a number, and those that have shown nothing but NaN. */
  const [numbered, empty] = [new Set<number>(), new Set<number>()];
  /** Columns that have shown a value. */
  const filled = new Set<number>();
  let [found, decoded] = [0, 0];
  for (const batch of reader) {
    for (const [at, child] of (batch.data.children as readonly Data[]).entries()) {
      const name = columnName(schema.fields[at] as Field);
      if (child.length !== batch.numRows) return { message: `column "${name}" has ${child.length} rows and not ${batch.numRows}`, column: name };
      validateData(child, name);
      decoded += decodedBytes(child);
      if (decoded > maxDecodedBytes) return { message: `it takes more than ${maxDecodedBytes} bytes when it is decoded`, column: name };
      if (!anyValues && !numbered.has(at)) noteFloats(child, at, numbered, empty);
      if (!anyValues && !filled.has(at) && hasValue(child)) filled.add(at);
    }
    batches.push(batch);
    found += batch.numRows;
    if (found > rows) break;
  }
  if (schema.fields.length > 0 && found !== rows) return { message: `it has ${found > rows ? "more rows than" : `${found} rows and not`} ${rows}` };
  for (const at of empty) {
    const name = columnName(schema.fields[at] as Field);
    if (!numbered.has(at)) return { message: `column "${name}" holds nothing but NaN`, column: name };
  }
  const hollow = anyValues || found === 0 ? -1 : schema.fields.findIndex((_, at) => !filled.has(at));
  if (hollow >= 0) return hollowFault(columnName(schema.fields[hollow] as Field));
  // Text and numbers that lie as they should can't fail when they are decoded, and there are many of them.
  const others = schema.fields.flatMap((field, at) => (isPlain(field) ? [] : [at]));
  return faultOfMetadata(schema, rows, found) ?? (others.length === 0 ? undefined : faultOfBlock(blockFromTable(new Table(batches[0]?.schema ?? schema, batches).selectAt(others)), rows, anyValues));
}

function noteFloats(column: Data, at: number, numbered: Set<number>, empty: Set<number>): void {
  const floats = floatsIn(column);
  if (floats === "numbers") numbered.add(at);
  if (floats === "only NaN") empty.add(at);
}

function hasValue(column: Data): boolean {
  if (column.type.typeId === Type.Null) return false;
  for (let row = 0; row < column.length; row++) if (column.getValid(row)) return true;
  return false;
}

function hollowFault(name: string): BlockFault {
  return { message: `column "${name}" holds no value at all`, column: name };
}

const plain: ReadonlySet<Type> = new Set([Type.Int, Type.Float, Type.Bool, Type.Null, Type.Utf8, Type.Binary]);

function isPlain({ type, metadata }: Field): boolean {
  return plain.has(type.typeId) && metadata.size === 0;
}

/** That lengths lead nowhere else, that there is one schema, and that nothing has to be unpacked. @throws Error */
function checkMessages(bytes: Uint8Array): void {
  let isFirst = true;
  for (const { kind, isCompressed } of streamMessages(bytes)) {
    if (isFirst !== (kind === "schema")) throw new Error(isFirst ? "it does not begin with a schema" : "it has a second schema");
    if (isCompressed) throw new Error("it is compressed, which blocks on their way are not");
    isFirst = false;
  }
  if (isFirst) throw new Error("it has no schema");
  const length = new DataView(bytes.buffer, bytes.byteOffset).getInt32(4, true);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8 + length);
  const schema = schemaOfMessage(view);
  if (schema === undefined) throw new Error("it does not begin with a schema");
  if (isBigEndian(view, schema)) throw new Error("it is big-endian");
  if (countColumns(view, schema) > mostColumns) throw new Error(`it has more than ${mostColumns} columns`);
}

function faultOfColumns({ fields }: Schema, expected: readonly string[] | undefined): BlockFault | undefined {
  const names = fields.map(columnName);
  const twice = firstRepeated(names);
  if (twice !== undefined) return { message: `two of its columns are called "${twice}"`, column: twice };
  if (names.includes("__proto__")) return { message: 'a column is called "__proto__"', column: "__proto__" };
  const unknown = fields.find(({ type }) => !isRead(type as DataType));
  if (unknown !== undefined) return { message: `column "${columnName(unknown)}" is of type ${String(unknown.type)}, which no result has`, column: columnName(unknown) };
  if (expected === undefined) return undefined;
  const missing = expected.find((name) => !names.includes(name));
  if (missing !== undefined) return { message: `it lacks the column "${missing}"`, column: missing };
  const stray = names.find((name) => !expected.includes(name));
  return stray === undefined ? undefined : { message: `it has a column "${stray}" that nobody asked for`, column: stray };
}

function isRead(type: DataType): boolean {
  const { dictionary } = type as unknown as { readonly dictionary?: DataType };
  return !unread.has(type.typeId) && (dictionary === undefined || isRead(dictionary)) && (type.children ?? []).every((child) => isRead(child.type as DataType));
}

/** What a decoder takes from the notes beside the schema. */
function faultOfMetadata({ metadata }: Schema, expected: number, found: number): BlockFault | undefined {
  const note = metadata.get(lineageKey);
  // Of a block without columns only the note knows the rows.
  if (note === undefined) return found === expected ? undefined : { message: `it has ${found} rows and not ${expected}` };
  const { rows, lineage } = JSON.parse(note) as { readonly rows?: unknown; readonly lineage?: unknown };
  if (rows !== expected) return { message: `it says that it has ${String(rows)} rows, and it should have ${expected}` };
  return lineage === undefined || Array.isArray(lineage) ? undefined : { message: "its lineage is no list" };
}

/** JSON may say that there is nothing, and a dictionary have nothing to say. */
function faultOfBlock({ columns }: Block, rows: number, anyValues: boolean): BlockFault | undefined {
  for (const [name, column] of Object.entries(columns)) {
    const { type, length, values } = column;
    if (length !== rows) return { message: `column "${name}" has ${length} rows and not ${rows}`, column: name };
    if (!anyValues && isAllMissing(column)) return hollowFault(name);
    if (type.kind !== "image") continue;
    const row = (values as (RasterImage | null)[]).findIndex((image) => image !== null && !isWhole(image));
    if (row >= 0) return { message: `column "${name}" has an image in row ${row} whose bytes do not fit its size`, column: name, row };
  }
  return undefined;
}

function isWhole({ width, height, channels, data }: RasterImage): boolean {
  return [width, height, channels].every((size) => Number.isSafeInteger(size) && size >= 0) && data instanceof Uint8Array && data.length === width * height * channels;
}
