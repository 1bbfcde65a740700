import { columnValue, isTypedArray, type Block, type Column, type Datasink } from "@shoal/core";
import { fileDatasink, type FileSinkOptions } from "./file-datasink.ts";
import { maxDepth, nestedTooDeep } from "./nested-too-deep.ts";
import type { OutputPlace } from "./output.ts";

/**
 * JSON Lines as an output: one object a line, all keys in every line. Typed arrays become arrays, dates ISO strings, whole numbers keep all their
 * digits, bytes are base64. JSON has no NaN and no infinity: they become null. `.jsonl.gz` is compressed.
 */
export function jsonl(path: string | OutputPlace, options: FileSinkOptions = {}): Datasink {
  return fileDatasink(path, {
    format: "jsonl",
    extensions: [".jsonl", ".ndjson"],
    fixes: "nothing",
    gzip: true,
    encode: (file) => ({
      write: (block) => file.write(new TextEncoder().encode(blockLines(block))),
      end: async () => {},
    }),
  }, options);
}

function blockLines(block: Block): string {
  const cells = Object.entries(block.columns).map(([name, column], at) => ({ key: `${at === 0 ? "{" : ","}${JSON.stringify(name)}:`, text: cellText(column) }));
  if (cells.length === 0) return "{}\n".repeat(block.rows);
  let lines = "";
  for (let row = 0; row < block.rows; row++) {
    for (const { key, text } of cells) lines += key + text(row);
    lines += "}\n";
  }
  return lines;
}

/** One column's values as JSON, row by row. */
function cellText(column: Column): (row: number) => string {
  const { validity, values } = column;
  const valid = (row: number): boolean => validity === undefined || validity[row] !== 0;
  switch (column.type.kind) {
    case "null": return () => "null";
    case "utf8": return (row) => JSON.stringify((values as readonly unknown[])[row] ?? null);
    case "int64": case "uint64": return (row) => (valid(row) ? String((values as BigInt64Array)[row]) : "null");
    case "float32": case "float64": return (row) => (valid(row) && Number.isFinite((values as Float64Array)[row]) ? String((values as Float64Array)[row]) : "null");
    case "tensor": return (row) => (valid(row) ? flatList(columnValue(column, row) as ArrayLike<unknown>) : "null");
    case "list": return (row) => ((list) => (list == null ? "null" : flatList(list as ArrayLike<unknown>)))((values as readonly unknown[])[row]);
    default: return (row) => jsonText(columnValue(column, row));
  }
}

/** Any value as JSON, with what `JSON.stringify` lacks: bigint as its digits, bytes as base64, typed arrays as arrays. @throws `nested-too-deep` */
export function jsonText(value: unknown, depth = 0): string {
  if (depth > maxDepth) throw nestedTooDeep("A value");
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return "null";
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const inner = (item: unknown): string => jsonText(item, depth + 1);
  if (value instanceof Uint8Array) return JSON.stringify(base64(value));
  if (isTypedArray(value)) return flatList(value as ArrayLike<unknown>);
  if (Array.isArray(value)) return `[${value.map(inner).join(",")}]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "null" : JSON.stringify(value);
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") return inner((value as { toJSON(): unknown }).toJSON());
  const entries = Object.entries(value).filter(([, item]) => item !== undefined && typeof item !== "function");
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${inner(item)}`).join(",")}}`;
}

/** Numbers or strings, one level. */
function flatList(values: ArrayLike<unknown>): string {
  return `[${Array.from(values, (item) => jsonText(item)).join(",")}]`;
}

export function base64(bytes: Uint8Array): string {
  let text = "";
  // String.fromCharCode takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}
