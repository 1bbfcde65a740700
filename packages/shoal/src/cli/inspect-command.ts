import { Command, Option } from "commander";
import { formatType, isTypedArray, preview } from "@shoal/core";
import { dataset } from "@shoal/dataset";
import { plural } from "@shoal/executor";
import { localRuntime } from "#platform";
import { inputFormats, inputSource, type InputFlags } from "./input-source.ts";
import { delimiterFlag, delimiterOf, likelyDelimiter } from "./likely-delimiter.ts";
import { wholeNumber } from "./run-flags.ts";

interface Flags extends InputFlags {
  readonly rows: number;
  readonly count?: true;
  readonly json?: true;
}

export function inspectCommand(): Command {
  return new Command("inspect")
    .description("Show what is in a file: columns, types, row count, first rows.")
    .argument("<files...>", "files, folders, globs or URLs")
    .option("--rows <n>", "rows to show", wholeNumber, 5)
    .addOption(new Option("--input-format <format>", "where the names do not tell").choices(inputFormats))
    .option("--delimiter <character>", "of CSV: what separates cells (default , and in .tsv files a tab), as ';' or tab", delimiterOf)
    .option("--count", "count the rows even where that means reading them all")
    .option("--json", "as one JSON object")
    .action(inspect);
}

async function inspect(files: readonly string[], flags: Flags): Promise<void> {
  const source = inputSource(files, flags);
  const signal = new AbortController().signal;
  const rows = dataset(source, localRuntime);
  const schema = await rows.schema();
  const count = flags.count ? await rows.count() : await source.countRows?.(signal);
  const sample = await rows.take(flags.rows);
  if (flags.json) {
    const columns = schema.fields.map(({ name, type, nullable }) => ({ name, type: formatType(type), nullable }));
    return void process.stdout.write(`${JSON.stringify({ source: source.name, rows: count ?? null, columns, sample }, asInJsonl)}\n`);
  }
  const width = Math.max(0, ...schema.fields.map(({ name }) => name.length));
  const lines = [
    `${source.name}: ${count === undefined ? "rows not counted (--count)" : plural(count, "row")}, ${plural(schema.fields.length, "column")}`,
    ...schema.fields.map(({ name, type, nullable }) => `  ${name.padEnd(width)}  ${formatType(type)}${nullable ? ", may be missing" : ""}`),
    ...sample.map((row, at) => `${at}: ${Object.entries(row).map(([name, value]) => `${name}=${preview(value)}`).join("  ")}`),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  const delimiter = source.name.startsWith("csv(") ? likelyDelimiter(schema.fields.map(({ name }) => name)) : undefined;
  if (delimiter !== undefined && flags.delimiter === undefined) process.stderr.write(`note: the name of the only column looks like a header of several: ${delimiterFlag(delimiter)} tells them apart.\n`);
}

/** Values as the JSONL sink writes them; bigints as strings, which keep their digits in any reader. */
function asInJsonl(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return isTypedArray(value) ? Array.from(value as ArrayLike<number | bigint>) : value;
}
