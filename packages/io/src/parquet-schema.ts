import { isNumberKind, type ColumnType, type Field, type NumberKind } from "@shoal/core";
import type { SchemaElement, SchemaTree } from "hyparquet";

/** How Parquet's types are understood. */
export interface ParquetTypeOptions {
  /** Bytes that carry no annotation are text: what Impala and old Spark wrote. Default: they are `binary`. */
  readonly binaryAsText?: boolean;
}

/** The columns of a Parquet file as its schema declares them: no row decides a type. */
export function fieldsOfParquet(root: SchemaTree, options: ParquetTypeOptions = {}): Field[] {
  return root.children.map((column) => ({
    name: column.element.name,
    type: columnTypeOfParquet(column, options),
    nullable: column.element.repetition_type === "OPTIONAL",
  }));
}

function columnTypeOfParquet(column: SchemaTree, options: ParquetTypeOptions): ColumnType {
  const { element, children } = column;
  if (element.repetition_type === "REPEATED") return children.length === 0 ? listOf(leafType(element, options)) : { kind: "json" };
  if (children.length === 0) return leafType(element, options);
  if (isList(element)) {
    const item = listItem(column);
    if (item !== undefined) return listOf(leafType(item, options));
  }
  return { kind: "json" };
}

function listOf(element: ColumnType): ColumnType {
  return element.kind === "utf8" || isNumberKind(element.kind) ? { kind: "list", element: element.kind as NumberKind | "utf8" } : { kind: "json" };
}

function isList(element: SchemaElement): boolean {
  return element.converted_type === "LIST" || element.logical_type?.type === "LIST";
}

/** The plain item of a list, in the three-level form of today or the two-level form of old; undefined where items are nested. */
function listItem(list: SchemaTree): SchemaElement | undefined {
  const [repeated] = list.children;
  if (list.children.length !== 1 || repeated?.element.repetition_type !== "REPEATED") return undefined;
  if (repeated.children.length === 0) return repeated.element;
  const [item] = repeated.children;
  return repeated.children.length === 1 && item?.children.length === 0 && item.element.repetition_type !== "REPEATED" ? item.element : undefined;
}

function leafType(element: SchemaElement, options: ParquetTypeOptions): ColumnType {
  const { converted_type: converted, logical_type: logical } = element;
  if (converted === "DECIMAL" || logical?.type === "DECIMAL") return { kind: "float64" };
  switch (element.type) {
    case "BOOLEAN": return { kind: "bool" };
    case "FLOAT": return { kind: "float32" };
    case "DOUBLE": return { kind: "float64" };
    case "INT96": return { kind: "timestamp" };
    case "INT32": return converted === "DATE" || logical?.type === "DATE" ? { kind: "timestamp" } : { kind: integerKind(element, 32) };
    case "INT64": return isTimestamp(element) ? { kind: "timestamp" } : { kind: integerKind(element, 64) };
    case "FIXED_LEN_BYTE_ARRAY": return { kind: logical?.type === "UUID" ? "utf8" : logical?.type === "FLOAT16" ? "float32" : "binary" };
    case "BYTE_ARRAY": return { kind: byteArrayKind(element, options) };
    default: return { kind: "json" };
  }
}

function isTimestamp({ converted_type: converted, logical_type: logical }: SchemaElement): boolean {
  return converted === "TIMESTAMP_MILLIS" || converted === "TIMESTAMP_MICROS" || logical?.type === "TIMESTAMP";
}

function integerKind({ converted_type: converted, logical_type: logical }: SchemaElement, physicalBits: 32 | 64): NumberKind {
  const byConverted = /^(U?)INT_(8|16|32|64)$/.exec(converted ?? "");
  const signed = byConverted ? byConverted[1] === "" : logical?.type === "INTEGER" ? logical.isSigned : true;
  const bits = byConverted ? Number(byConverted[2]) : logical?.type === "INTEGER" ? logical.bitWidth : physicalBits;
  return `${signed ? "int" : "uint"}${bits}` as NumberKind;
}

function byteArrayKind({ converted_type: converted, logical_type: logical }: SchemaElement, options: ParquetTypeOptions): "utf8" | "json" | "binary" {
  if (converted === "UTF8" || converted === "ENUM" || logical?.type === "STRING" || logical?.type === "ENUM") return "utf8";
  // hyparquet gives geometries as GeoJSON.
  if (converted === "JSON" || logical?.type === "JSON" || logical?.type === "GEOMETRY" || logical?.type === "GEOGRAPHY") return "json";
  if (converted === "BSON" || logical?.type === "BSON") return "binary";
  return options.binaryAsText === true ? "utf8" : "binary";
}
