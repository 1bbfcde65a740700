import { columnFromValues, schemaOf, ShoalError, type Block, type Column, type Schema } from "@shoal/core";
import { blockFromTable, columnName, valuesOfVector } from "@shoal/core/arrow";
import {
  compressionRegistry, CompressionType, RecordBatchReader, Table, Type,
  type AsyncRecordBatchFileReader, type AsyncRecordBatchStreamReader, type Data, type Decimal, type Field, type Schema as ArrowSchema, type Vector,
} from "apache-arrow";
import { decompressZstd } from "hyparquet-compressors";
import { countColumns, isBigEndian, schemaOfFooter, schemaOfMessage } from "./arrow-flatbuffer.ts";
import { validateData } from "./arrow-validate.ts";
import { firstRepeated } from "./first-repeated.ts";
import type { RemoteFile } from "./decode-thread-messages.ts";
import { decodeLz4Frame } from "./lz4-frame.ts";

compressionRegistry.set(CompressionType.ZSTD, { decode: (bytes) => aligned(decompressZstd(bytes)) });
compressionRegistry.set(CompressionType.LZ4_FRAME, { decode: (bytes) => aligned(decodeLz4Frame(bytes)) });

/** Arrow lays typed arrays over the bytes. */
function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
}

type ArrowReader = AsyncRecordBatchFileReader | AsyncRecordBatchStreamReader;

export async function readArrowSchema(file: RemoteFile): Promise<Schema> {
  const { reader } = await openArrow(file);
  const { schema } = reader;
  await reader.cancel();
  const { columns } = blockOfBatch(new Table(schema));
  return { fields: schemaOf(columns).fields.map((field, at) => ({ ...field, nullable: schema.fields[at]?.nullable ?? true })) };
}

/** A block for each record batch, without lineage. Both forms are read: the file with its footer, and the stream. */
export async function* readArrow(file: RemoteFile, columns?: readonly string[]): AsyncGenerator<Block> {
  const { reader, promised } = await openArrow(file);
  let batches = 0;
  for await (const batch of reader) {
    batches++;
    batch.data.children.forEach((child, at) => validateData(child as Data, columnName(batch.schema.fields[at] as Field)));
    if (batch.numRows === 0) continue;
    // By position: apache-arrow's selection by name mixes columns up unless they are the first ones.
    const wanted = columns === undefined ? batch : batch.selectAt(batch.schema.fields.flatMap((field, at) => (columns.includes(columnName(field)) ? [at] : [])));
    yield { ...blockOfBatch(new Table(wanted.schema, [wanted])), rows: batch.numRows };
  }
  if (promised !== undefined && batches < promised) throw new Error(`its footer lists ${promised} record batches, and only ${batches} are there`);
}

/** Text and bytes in the newer layouts become what the older ones become, and decimals become floats as they do from Parquet. */
function blockOfBatch(table: Table): Block {
  const block = blockFromTable(table);
  const columns: Record<string, Column> = {};
  table.schema.fields.forEach((field, at) => {
    const { type } = field;
    const name = columnName(field);
    const column = block.columns[name] as Column;
    columns[name] = column;
    // A tensor has no place for a missing number.
    if (column.type.kind === "tensor" && table.getChildAt(at)?.data.some((data) => (data.children[0]?.nullCount ?? 0) > 0)) {
      const rows = Array.from(table.getChildAt(at) as Iterable<Iterable<unknown> | null>, (row) => row && Array.from(row));
      columns[name] = columnFromValues(rows, { kind: "list", element: column.type.element });
    }
    if (column.type.kind !== "arrow") return;
    const vector = column.values as Vector;
    if (type.typeId === Type.Utf8View) columns[name] = columnFromValues(valuesOfVector(vector), { kind: "utf8" });
    if (type.typeId === Type.BinaryView) columns[name] = columnFromValues(Array.from(vector as Iterable<unknown>), { kind: "binary" });
    if (type.typeId === Type.Decimal) columns[name] = decimals(vector as Vector<Decimal>);
  });
  return { ...block, columns };
}

function decimals(vector: Vector<Decimal>): Column {
  const { scale, bitWidth } = vector.type;
  const values = Array.from({ length: vector.length }, (_, row) => {
    const words = vector.get(row) as Uint32Array | null;
    if (words === null) return null;
    const unscaled = words.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n);
    return Number(BigInt.asIntN(bitWidth, unscaled)) / 10 ** scale;
  });
  return columnFromValues(values, { kind: "float64" });
}

async function openArrow(file: RemoteFile): Promise<{ reader: ArrowReader; promised: number | undefined }> {
  const start = new Uint8Array(await file.slice(0, Math.min(8, file.byteLength)));
  if (start.byteLength < 8) throw new Error(`${file.byteLength} bytes are too few`);
  const hasFooter = new TextDecoder().decode(start.subarray(0, 6)) === "ARROW1";
  await checkFlatbuffer(file, hasFooter);
  const source = hasFooter ? fileHandle(file) : byteStream(file);
  const reader = await (RecordBatchReader.from(source as never) as unknown as Promise<ArrowReader>);
  await reader.open({ autoDestroy: false });
  checkSchema(reader.schema);
  return { reader, promised: hasFooter ? (reader as AsyncRecordBatchFileReader).numRecordBatches : undefined };
}

/**
 * What apache-arrow takes on trust: it would list as many fields as a damaged schema claims, and give big-endian numbers with their bytes the
 * wrong way round. A stream begins with its schema; a file has it in its footer, and not always at its beginning.
 */
async function checkFlatbuffer(file: RemoteFile, hasFooter: boolean): Promise<void> {
  const view = new DataView(hasFooter ? await footerOf(file) : await firstMessageOf(file));
  const schema = hasFooter ? schemaOfFooter(view) : schemaOfMessage(view);
  if (schema === undefined) throw new Error("it does not begin with a schema");
  if (isBigEndian(view, schema)) throw new ShoalError("unsupported-file", "it is big-endian");
  countColumns(view, schema);
}

/** The flatbuffer before the footer's length and the six letters at the end. */
async function footerOf(file: RemoteFile): Promise<ArrayBuffer> {
  const end = file.byteLength - 10;
  if (end < 8) throw new Error(`${file.byteLength} bytes are too few`);
  const length = new DataView(await file.slice(end, end + 4)).getInt32(0, true);
  if (length <= 0 || length > end) throw new Error("it does not end as an Arrow file does; perhaps it was cut short");
  return file.slice(end - length, end);
}

async function firstMessageOf(file: RemoteFile): Promise<ArrayBuffer> {
  const start = new DataView(await file.slice(0, 8));
  const first = start.getInt32(0, true);
  const end = first === -1 ? 8 + start.getInt32(4, true) : 4 + first;
  if (end <= 8 || end > file.byteLength) throw new Error("it does not begin as an Arrow stream does; perhaps it was cut short");
  return file.slice(0, end);
}

function checkSchema(schema: ArrowSchema | undefined): void {
  if (schema === undefined || schema === null) throw new Error("it has no schema");
  const twice = firstRepeated(schema.fields.map(columnName));
  if (twice !== undefined) throw new ShoalError("unsupported-file", `two columns are named "${twice}"`);
}

async function* byteStream(file: RemoteFile): AsyncGenerator<Uint8Array> {
  const step = 4 << 20;
  for (let at = 0; at < file.byteLength; at += step) yield new Uint8Array(await file.slice(at, Math.min(at + step, file.byteLength)));
}

/** As much of Node's FileHandle as apache-arrow looks at to read batch by batch. */
function fileHandle(file: RemoteFile) {
  return {
    fd: 0,
    stat: () => Promise.resolve({ size: file.byteLength }),
    async read(buffer: Uint8Array, offset: number, length: number, position: number) {
      const bytes = new Uint8Array(await file.slice(position, Math.min(position + length, file.byteLength)));
      buffer.set(bytes, offset);
      return { bytesRead: bytes.byteLength, buffer };
    },
    close: () => Promise.resolve(),
  };
}
