import { columnValue, isTypedArray, type Block, type Column, type Datasink } from "@shoal/core";
import { fileDatasink, type FileSinkOptions } from "./file-datasink.ts";
import type { OutputPlace } from "./output.ts";
import { base64, jsonText } from "./jsonl.ts";

/** How CSV is written. */
export interface CsvSinkOptions extends FileSinkOptions {
  /** Default `,`, for a path ending in `.tsv` a tab. */
  readonly delimiter?: string;
}

/**
 * CSV with a header as an output, quoted as RFC 4180 says, lines ending in `\n`. A missing value is an empty cell, an empty string `""`;
 * nested values, lists and tensors are JSON, dates ISO strings, bytes base64. `.csv.gz` is compressed.
 * @throws on writing: `no-columns`, and what every file sink throws
 */
export function csv(path: string | OutputPlace, options: CsvSinkOptions = {}): Datasink {
  const delimiter = options.delimiter ?? (/\.tsv(\.gz)?$/i.test(typeof path === "string" ? path : path.name) ? "\t" : ",");
  const encoder = new TextEncoder();
  return fileDatasink(path, {
    format: "csv",
    extensions: [".csv", ".tsv"],
    fixes: "columns",
    needsColumns: true,
    gzip: true,
    async encode(file, schema) {
      const names = schema.fields.map((field) => field.name);
      if (names.length > 0) await file.write(encoder.encode(`${names.map((name) => quoted(name, delimiter)).join(delimiter)}\n`));
      return {
        write: (block) => file.write(encoder.encode(blockText(block, names, delimiter))),
        end: async () => {},
      };
    },
  }, options, { delimiter });
}

function blockText(block: Block, names: readonly string[], delimiter: string): string {
  const cells = names.map((name) => cellText(block.columns[name] as Column, delimiter));
  let text = "";
  for (let row = 0; row < block.rows; row++) {
    for (let at = 0; at < cells.length; at++) text += (at === 0 ? "" : delimiter) + (cells[at] as (row: number) => string)(row);
    text += "\n";
  }
  return text;
}

function cellText(column: Column, delimiter: string): (row: number) => string {
  return (row) => {
    const value = columnValue(column, row);
    switch (typeof value) {
      case "string": return value === "" ? '""' : quoted(value, delimiter);
      case "number": case "bigint": case "boolean": return String(value);
    }
    if (value === null || value === undefined) return "";
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "" : value.toISOString();
    if (column.type.kind === "binary") return base64(value as Uint8Array);
    return quoted(isTypedArray(value) ? jsonText(Array.from(value as ArrayLike<unknown>)) : jsonText(value), delimiter);
  };
}

function quoted(text: string, delimiter: string): string {
  return text.includes(delimiter) || /["\r\n\0]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
