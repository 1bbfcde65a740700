import { Option, type Command } from "commander";
import { ShoalError, type Datasink } from "@shoal/core";
import { arrow, csv, jsonl, parquet } from "@shoal/io";
import { wholeNumber } from "./run-flags.ts";

/** What the output is, wherever it goes. */
export interface OutputFlags {
  readonly format?: string;
  readonly overwrite?: true;
  readonly maxRowsPerFile?: number;
}

const sinks = { jsonl, csv, parquet, arrow } as const;
const outputFormats = Object.keys(sinks);
const extensions = { ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv", ".parquet": "parquet", ".arrow": "arrow" } as const;

export function withOutputFlags(command: Command): Command {
  return command
    .addOption(new Option("--format <format>", "of the output, where its name does not tell").choices(outputFormats))
    .option("--overwrite", "replace an existing output, once the new one is whole")
    .option("--max-rows-per-file <rows>", "start another part file after so many rows (folders only)", wholeNumber);
}

/** The sink a path names: by `--format`, by its ending, and otherwise Parquet for a folder and JSONL for standard output. */
export function outputSink(path: string, { format, overwrite, maxRowsPerFile }: OutputFlags): Datasink {
  const strange = /\.[a-z][a-z0-9]*$/i.exec(path.replace(/\.gz$/, ""))?.[0].toLowerCase();
  if (format === undefined && strange !== undefined && !(strange in extensions)) {
    throw new ShoalError("unknown-format", `The format of ${path} can't be told from its ending.`, { hint: `Say --format, or end the name in / for a folder of Parquet files; the endings are ${Object.keys(extensions).join(", ")}.` });
  }
  const ending = Object.entries(extensions).find(([extension]) => path.replace(/\.gz$/, "").endsWith(extension))?.[1];
  const name = format ?? ending ?? (path === "-" ? "jsonl" : "parquet");
  if (!(name in sinks)) {
    throw new ShoalError("unknown-format", `There is no format "${name}".`, { hint: `Choose one of ${outputFormats.join(", ")}.` });
  }
  return sinks[name as keyof typeof sinks](path, { ...(overwrite && { mode: "overwrite" as const }), ...(maxRowsPerFile !== undefined && { maxRowsPerFile }) });
}
