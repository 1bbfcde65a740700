import { ShoalError, type Block, type Column, type Field, type Schema } from "@shoal/core";
import { parquetMetadataAsync, parquetScan, parquetSchema, type AsyncBuffer, type FileMetaData, type RowGroup } from "hyparquet";
import { compressors as libraryCompressors } from "hyparquet-compressors";
import { firstRepeated } from "./first-repeated.ts";
import { tensorShapes } from "./parquet-arrow-schema.ts";
import { columnOfParquet, textFromBytes } from "./parquet-columns.ts";
import { fieldsOfParquet, type ParquetTypeOptions } from "./parquet-schema.ts";

export interface ParquetSummary {
  readonly schema: Schema;
  readonly rowGroups: readonly { readonly rows: number; readonly bytes: number }[];
}

export interface ParquetRequest extends ParquetTypeOptions {
  readonly rowGroup: number;
  /** All when absent. Columns that the file lacks are left out. */
  readonly columns?: readonly string[];
  /** Counted within the row group. */
  readonly firstRow?: number;
  readonly limit?: number;
}

export interface OpenParquet {
  readonly metadata: FileMetaData;
  readonly fields: readonly Field[];
}

/** Decoded columns are held whole; where the file has page offsets, no more than about this much at once. */
const windowBytes = 32 << 20;

/** A page of nothing has nothing to decompress, not even a header. */
const compressors = Object.fromEntries(
  Object.entries(libraryCompressors).map(([codec, decompress]) => [codec, (input: Uint8Array, length: number) => (length === 0 ? new Uint8Array(0) : decompress(input, length))]),
);

/** Reads the footer. @throws Error with the reason in hyparquet's words. */
export async function openParquet(file: AsyncBuffer, options: ParquetTypeOptions = {}): Promise<OpenParquet> {
  if (file.byteLength < 12) throw new Error(`${file.byteLength} bytes are too few for a parquet file`);
  const magic = new TextDecoder().decode(await file.slice(file.byteLength - 4));
  if (magic === "PARE") throw new ShoalError("unsupported-file", "its footer is encrypted");
  if (magic !== "PAR1") throw new Error("it does not end as a parquet file does; perhaps it was cut short");
  const metadata = await parquetMetadataAsync(file).catch(footerFault);
  // hyparquet refuses these two; their bytes are still worth having.
  for (const element of metadata.schema) {
    if (element.converted_type === "BSON" || element.converted_type === "INTERVAL") delete element.converted_type;
  }
  const shapes = tensorShapes(metadata);
  const fields = fieldsOfParquet(parquetSchema(metadata), options).map((field) => {
    const shape = shapes.get(field.name);
    return shape !== undefined && field.type.kind === "list" && field.type.element === shape.element ? { ...field, type: shape } : field;
  });
  const twice = firstRepeated(fields.map((field) => field.name));
  if (twice !== undefined) throw new ShoalError("unsupported-file", `two columns are named "${twice}"`);
  return { metadata, fields };
}

/** hyparquet trips over a footer that lacks what every footer has. */
function footerFault(error: unknown): never {
  if (error instanceof TypeError || error instanceof RangeError) throw new Error("its footer says nothing of its schema, or contradicts itself; the file is damaged", { cause: error });
  throw error;
}

export function summarizeParquet({ metadata, fields }: OpenParquet): ParquetSummary {
  return {
    schema: { fields },
    rowGroups: metadata.row_groups.map((group) => ({ rows: Number(group.num_rows), bytes: Number(group.total_byte_size) })),
  };
}

/** The rows of one row group, as blocks without lineage. */
export async function* readParquet(file: AsyncBuffer, { metadata, fields }: OpenParquet, request: ParquetRequest): AsyncGenerator<Block> {
  const group = metadata.row_groups[request.rowGroup];
  if (group === undefined) throw new RangeError(`there is no row group ${request.rowGroup}`);
  const groupRows = Number(group.num_rows);
  const chosen = request.columns && new Set(request.columns);
  const wanted = fields.filter((field) => chosen?.has(field.name) ?? true);
  const first = Math.min(request.firstRow ?? 0, groupRows);
  const end = Math.min(groupRows, first + (request.limit ?? Infinity));
  if (wanted.length === 0) {
    yield { rows: end - first, columns: {}, lineage: [] };
    return;
  }
  const groupStart = metadata.row_groups.slice(0, request.rowGroup).reduce((sum, { num_rows }) => sum + Number(num_rows), 0);
  const chunks = chunksOf(group, wanted);
  const secret = chunks.find((chunk) => chunk.crypto_metadata !== undefined);
  if (secret !== undefined) throw new ShoalError("unsupported-file", `column "${secret.meta_data?.path_in_schema[0] ?? "?"}" is encrypted`);
  const window = windowRows(chunks, groupRows);
  const whole = first === 0 && end === groupRows && window >= groupRows;
  const scan = await parquetScan({
    file: whole ? await prefetched(file, chunks) : file,
    metadata,
    compressors,
    parsers: { stringFromBytes: textFromBytes },
    columns: wanted.map((field) => field.name),
    utf8: request.binaryAsText === true,
    useOffsetIndex: !whole,
  });
  for (let start = first; start < end; start += window) {
    const stop = Math.min(end, start + window);
    const columns: [string, Column][] = [];
    for (const { name, type } of wanted) {
      const data = await scan.readColumn({ column: name, rowStart: groupStart + start, rowEnd: groupStart + stop });
      if (data.length !== stop - start) throw new RangeError(`column "${name}" has ${data.length} rows where the row group has ${stop - start}`);
      columns.push([name, columnOfParquet(data, type)]);
    }
    yield { rows: stop - start, columns: Object.fromEntries(columns), lineage: [] };
  }
}

type Chunk = RowGroup["columns"][number];

function chunksOf(group: RowGroup, wanted: readonly Field[]): Chunk[] {
  const names = new Set(wanted.map((field) => field.name));
  return group.columns.filter((chunk) => names.has(chunk.meta_data?.path_in_schema[0] ?? ""));
}

function windowRows(chunks: readonly Chunk[], groupRows: number): number {
  const bytes = chunks.reduce((sum, chunk) => sum + Number(chunk.meta_data?.total_uncompressed_size ?? 0), 0);
  const seekable = chunks.every((chunk) => chunk.offset_index_offset !== undefined);
  if (!seekable || bytes <= windowBytes) return Math.max(1, groupRows);
  return Math.max(1024, Math.ceil((groupRows * windowBytes) / bytes));
}

/** One read instead of one per column, where the wanted columns lie close together. */
async function prefetched(file: AsyncBuffer, chunks: readonly Chunk[]): Promise<AsyncBuffer> {
  const ranges = chunks.map(({ meta_data: data }) => {
    const start = Number(data?.dictionary_page_offset || data?.data_page_offset || 0);
    return { start, bytes: Number(data?.total_compressed_size ?? 0) };
  });
  const start = Math.min(...ranges.map((range) => range.start));
  const end = Math.min(file.byteLength, Math.max(...ranges.map((range) => range.start + range.bytes)));
  const needed = ranges.reduce((sum, range) => sum + range.bytes, 0);
  if (!(start >= 0 && start < end) || end - start > 2 * windowBytes || needed < 0.7 * (end - start)) return file;
  const bytes = await file.slice(start, end);
  return {
    byteLength: file.byteLength,
    slice: (from, to = file.byteLength) => (from >= start && to <= end ? bytes.slice(from - start, to - start) : file.slice(from, to)),
  };
}
