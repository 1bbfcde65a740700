import { createBlock, type Block, type Datasource } from "@shoal/core";
import { maxBlockRows } from "./cut-block.ts";
import { fileDatasource, type FileReadOptions } from "./file-datasource.ts";
import type { SourceFile } from "./file-store.ts";
import type { Paths } from "./given-files.ts";
import { defaultMaxLineBytes, jsonOptions } from "./jsonl-source.ts";
import { textRuns } from "./text-runs.ts";

/** Which lines are rows, and how long one may be, in bytes. */
export interface TextOptions {
  /** Lines of only white space are no rows. Default false: every line is one. */
  readonly dropBlank?: boolean;
  /** A longer line is refused. Default 64 MiB. */
  readonly maxLineBytes?: number;
}

/**
 * Text files, one row a line in the column `text`, without its line end (`\n` or `\r\n`); `.gz` too; `-` is standard input.
 * Of a directory, `.txt` and `.md` files are read.
 * @throws `invalid-utf8`, `line-too-long`
 */
export function textSource(paths: Paths, options: TextOptions = {}): Datasource<{ text: string }> {
  const { dropBlank = false, maxLineBytes = defaultMaxLineBytes } = options;
  return fileDatasource(paths, {
    format: "text",
    extensions: [".txt", ".md"],
    prunesColumns: true,
    streams: true,
    schema: async () => ({ fields: [{ name: "text", type: { kind: "utf8" }, nullable: false }] }),
    read: (file, read) => readLines(file, read, dropBlank, maxLineBytes),
  }, jsonOptions(options));
}

async function* readLines(file: SourceFile, options: FileReadOptions, dropBlank: boolean, maxLineBytes: number): AsyncIterable<Block> {
  let skip = options.firstRow ?? 0;
  let rows = 0;
  for await (const run of textRuns(file, maxLineBytes, options.signal)) {
    let lines = run.text.split("\n");
    // What stands behind the last line end is a line only when there is something.
    if (lines.at(-1) === "") lines.pop();
    if (run.text.includes("\r")) lines = lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
    if (dropBlank) lines = lines.filter((line) => line.trim() !== "");
    rows += lines.length;
    options.onRead?.(rows, run.storedEnd);
    for (let start = skip; start < lines.length; start += maxBlockRows) {
      const values = lines.slice(start, start + maxBlockRows);
      yield createBlock({ text: { type: { kind: "utf8" }, length: values.length, values } });
    }
    skip = Math.max(0, skip - lines.length);
  }
}
