import {
  blockBytes, columnValues, concatBlocks, elementsPerRow, isTypedArray, jsonSafe, sliceBlock,
  type Block, type Column, type ColumnType, type NumberKind, type Schema, type TypedArray,
} from "@shoal/core";
import type { ConvertedType } from "hyparquet";
import { ByteWriter, ParquetWriter, type SchemaElement } from "hyparquet-writer";
import { packBlock, unpackBlock, type WaitingBlock } from "./packed-text.ts";
import { writeRowGroup } from "./parquet-row-group.ts";

export interface ParquetEncoding {
  readonly schema: Schema;
  readonly rowGroupRows: number;
  readonly codec: "snappy" | "none";
  /** What else the file says of itself. */
  readonly notes: readonly { readonly key: string; readonly value: string }[];
}

/** A row group is held whole, and several times over while it is encoded, so it ends here even when it could have more rows. */
const rowGroupBytes = 4 << 20;

/** Blocks of one schema as the bytes of a Parquet file, a row group at a time. */
export class ParquetEncoder {
  readonly #schema: Schema;
  readonly #rowGroupRows: number;
  readonly #bytes = new ByteWriter(1 << 16);
  readonly #writer: ParquetWriter;
  #pending: WaitingBlock[] = [];
  #rows = 0;
  #pendingBytes = 0;

  constructor({ schema, rowGroupRows, codec, notes }: ParquetEncoding) {
    this.#schema = schema;
    this.#rowGroupRows = rowGroupRows;
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      schema: [{ name: "root", num_children: schema.fields.length }, ...schema.fields.flatMap(({ name, type }) => schemaElements(name, type))],
      codec: codec === "snappy" ? "SNAPPY" : "UNCOMPRESSED",
      kvMetadata: [...notes],
      createdBy: "shoal (hyparquet-writer)",
    });
  }

  /** Gives what is ready for the file: nothing until a row group is full. */
  *write(block: Block): Generator<Uint8Array<ArrayBuffer>> {
    for (let start = 0; start < block.rows; ) {
      const piece = sliceBlock(block, start, start + this.#rowGroupRows - this.#rows);
      this.#pending.push(packBlock(piece));
      this.#rows += piece.rows;
      this.#pendingBytes += blockBytes(piece);
      start += piece.rows;
      if (this.#rows >= this.#rowGroupRows || this.#pendingBytes >= rowGroupBytes) yield this.#endRowGroup();
    }
  }

  *end(): Generator<Uint8Array<ArrayBuffer>> {
    if (this.#rows > 0) yield this.#endRowGroup();
    // Declared only now: had hyparquet-writer known, it would have made the JSON itself, and lost big integers.
    for (const element of this.#writer.schema) if (element.logical_type?.type === "JSON") element.converted_type = "JSON";
    void this.#writer.finish();
    yield this.#take();
  }

  #endRowGroup(): Uint8Array<ArrayBuffer> {
    const block = concatBlocks(this.#pending.map(unpackBlock));
    this.#pending = [];
    this.#rows = 0;
    this.#pendingBytes = 0;
    writeRowGroup(this.#writer, block.rows, this.#schema.fields.map(({ name, type }) => {
      const column = block.columns[name] as Column;
      const floats = (type.kind === "tensor" || type.kind === "list") && type.element.startsWith("float");
      const json = type.kind === "json" || type.kind === "image" || type.kind === "arrow";
      // Looking for repeated floats costs more than it saves; bounds of JSON text help nobody, and those of pixels are whole images.
      return { name, column, storedValues: () => storedValues(column), plain: floats, statistics: !floats && !json };
    }));
    return this.#take();
  }

  #take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes.getBytes().slice() as Uint8Array<ArrayBuffer>;
    (this.#bytes as unknown as { index: number }).index = 0;
    return bytes;
  }
}

/** One column's part of a Parquet schema. Everything is nullable: later rows of a stream may be. */
function schemaElements(name: string, type: ColumnType): SchemaElement[] {
  if (type.kind !== "tensor" && type.kind !== "list") return [leaf(name, type.kind)];
  return [
    { name, repetition_type: "OPTIONAL", converted_type: "LIST", logical_type: { type: "LIST" }, num_children: 1 },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    leaf("element", type.element),
  ];
}

function leaf(name: string, kind: Exclude<ColumnType["kind"], "tensor" | "list">): SchemaElement {
  return { name, repetition_type: "OPTIONAL", ...physicalType(kind) };
}

function physicalType(kind: Exclude<ColumnType["kind"], "tensor" | "list">): Pick<SchemaElement, "type" | "converted_type" | "logical_type"> {
  switch (kind) {
    case "bool": return { type: "BOOLEAN" };
    case "float32": return { type: "FLOAT" };
    case "float64": return { type: "DOUBLE" };
    case "int64": return { type: "INT64" };
    case "uint64": return { type: "INT64", converted_type: "UINT_64" };
    case "timestamp": return { type: "INT64", converted_type: "TIMESTAMP_MILLIS", logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MILLIS" } };
    case "int32": return { type: "INT32" };
    case "int8": case "int16": case "uint8": case "uint16": case "uint32": return { type: "INT32", converted_type: integerAnnotation(kind) };
    case "binary": return { type: "BYTE_ARRAY" };
    case "image": case "json": case "arrow": return { type: "BYTE_ARRAY", logical_type: { type: "JSON" } };
    case "utf8": case "null": return { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } };
  }
}

/** The older annotation alone: hyparquet-writer writes the newer one in a form that Arrow C++ refuses. */
function integerAnnotation(kind: NumberKind): ConvertedType {
  return `${kind.startsWith("uint") ? "U" : ""}INT_${kind.replace(/\D+/, "")}` as ConvertedType;
}

const encoder = new TextEncoder();

/** The rows in the form hyparquet-writer takes. */
function storedValues(column: Column): TypedArray | unknown[] {
  const { type, values, validity, length } = column;
  switch (type.kind) {
    case "bool": return Array.from(values as Uint8Array, (value, row) => (validity?.[row] === 0 ? null : value === 1));
    case "timestamp": return Array.from(values as Float64Array, (ms, row) => (validity?.[row] === 0 || Number.isNaN(ms) ? null : Math.trunc(ms)));
    case "image": case "json": case "arrow": return columnValues(column).map((value) => (value === null ? null : encoder.encode(JSON.stringify(value, jsonSafe) ?? "null")));
    case "tensor": {
      const perRow = elementsPerRow(type);
      return Array.from({ length }, (_, row) => (validity?.[row] === 0 ? null : Array.from((values as Float32Array).subarray(row * perRow, (row + 1) * perRow))));
    }
    case "list": return (values as (ArrayLike<unknown> | null)[]).map((row) => (row === null ? null : Array.from(row)));
    default: {
      if (!isTypedArray(values)) return values as unknown[];
      // hyparquet-writer (0.17) takes a Uint32Array for signed numbers, and refuses the large ones; of an array it knows better.
      return validity === undefined && type.kind !== "uint32" ? values : Array.from(values as Float64Array, (value, row) => (validity?.[row] === 0 ? null : value));
    }
  }
}
