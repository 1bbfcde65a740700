import { elementsPerRow, isTypedArray, type Column } from "@shoal/core";
import { ByteWriter, type ParquetWriter } from "hyparquet-writer";
import type { writeColumn } from "hyparquet-writer/src/column.js";
import { writePageHeader } from "hyparquet-writer/src/datapage.js";

type ColumnEncoder = Parameters<typeof writeColumn>[0]["column"];
type WrittenColumn = ReturnType<typeof writeColumn>;

/** A list this long has levels of a few bytes a row; those of shorter ones are left to the library, which packs them as bits. */
const longRow = 32;
/** Bytes that are compressed to see whether that is worth it. */
const sampleBytes = 1 << 16;
const worthIt = 0.9;

/**
 * Writes the floats of a tensor as they lie in memory, page by page, where the library would look at each number several times: 15 µs of
 * CPU for 384 of them. Numbers that hardly compress stay as they are.
 * @returns undefined for what is no such column: nothing was written then.
 */
export function writeTensorChunk(writer: ParquetWriter["writer"], { type, values, validity, length }: Column, encoder: ColumnEncoder): WrittenColumn | undefined {
  const perRow = elementsPerRow(type);
  if (type.kind !== "tensor" || validity !== undefined || !/^float(32|64)$/.test(type.element) || perRow < longRow || length === 0 || !isTypedArray(values)) return undefined;
  const { schemaPath, element, codec, compressors, pageSize } = encoder;
  if (element.type === undefined || pageSize === undefined) return undefined;
  const bytes = new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
  const rowBytes = bytes.byteLength / length;
  const compress = compressors[codec];
  const sample = bytes.subarray(0, sampleBytes);
  const compressed = compress !== undefined && compress(sample).byteLength < worthIt * sample.byteLength;
  const rowsPerPage = Math.max(1, Math.floor(pageSize / rowBytes));
  const start = writer.offset;
  const pages: { offset: bigint; compressed_page_size: number; first_row_index: bigint }[] = [];
  let uncompressed = 0;
  for (let row = 0; row < length; row += rowsPerPage) {
    const rows = Math.min(rowsPerPage, length - row);
    const plain = bytes.subarray(row * rowBytes, (row + rows) * rowBytes);
    const stored = compressed ? compress(plain) : plain;
    const { levels, repetitionBytes } = levelsOf(rows, perRow);
    const at = writer.offset;
    writePageHeader(writer, {
      type: "DATA_PAGE_V2",
      uncompressed_page_size: levels.byteLength + plain.byteLength,
      compressed_page_size: levels.byteLength + stored.byteLength,
      data_page_header_v2: {
        num_values: rows * perRow, num_nulls: 0, num_rows: rows, encoding: "PLAIN",
        definition_levels_byte_length: levels.byteLength - repetitionBytes, repetition_levels_byte_length: repetitionBytes, is_compressed: true,
      },
    });
    uncompressed += writer.offset - at + levels.byteLength + plain.byteLength;
    writer.appendBytes(levels);
    writer.appendBytes(stored);
    pages.push({ offset: BigInt(at), compressed_page_size: writer.offset - at, first_row_index: BigInt(row) });
  }
  return {
    chunk: {
      meta_data: {
        type: element.type, encodings: ["PLAIN"], path_in_schema: schemaPath.slice(1).map(({ name }) => name), codec: compressed ? codec : "UNCOMPRESSED",
        num_values: BigInt(length * perRow), total_compressed_size: BigInt(writer.offset - start), total_uncompressed_size: BigInt(uncompressed), data_page_offset: BigInt(start),
      },
      file_offset: BigInt(start),
    },
    ...(pages.length > 1 && { offsetIndex: { page_locations: pages } }),
  };
}

/** As in Dremel: repetition 0 where a row begins and 1 inside it, definition 3, "a value", everywhere; as runs. */
function levelsOf(rows: number, perRow: number): { readonly levels: Uint8Array; readonly repetitionBytes: number } {
  const row = new ByteWriter(16);
  run(row, 1, 0);
  run(row, perRow - 1, 1);
  const pattern = row.getBytes();
  const definitions = new ByteWriter(16);
  run(definitions, rows * perRow, 3);
  const repetitionBytes = rows * pattern.byteLength;
  const levels = new Uint8Array(repetitionBytes + definitions.index);
  for (let at = 0; at < repetitionBytes; at += pattern.byteLength) levels.set(pattern, at);
  levels.set(definitions.getBytes(), repetitionBytes);
  return { levels, repetitionBytes };
}

function run(writer: ByteWriter, count: number, level: number): void {
  writer.appendVarInt(count << 1);
  writer.appendUint8(level);
}
