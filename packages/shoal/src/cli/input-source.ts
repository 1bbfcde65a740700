import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ShoalError, type Datasource } from "@shoal/core";
import { arrowSource, binarySource, csvSource, fileError, imagesSource, jsonlSource, jsonSource, npySource, parquetSource, textSource } from "@shoal/io";
import { badFlag } from "./bad-flag.ts";
import { inputIsNamedByFlags } from "./flag-hints.ts";

const sources = {
  jsonl: jsonlSource, json: jsonSource, csv: csvSource, parquet: parquetSource, arrow: arrowSource, text: textSource, images: imagesSource, npy: npySource, binary: binarySource,
} as const;

export const inputFormats = Object.keys(sources) as readonly (keyof typeof sources)[];

const endings: readonly (readonly [RegExp, keyof typeof sources])[] = [
  [/\.(jsonl|ndjson)(\.gz)?$/i, "jsonl"], [/\.json(\.gz)?$/i, "json"], [/\.(csv|tsv)(\.gz)?$/i, "csv"], [/\.parquet$/i, "parquet"], [/\.(arrow|arrows|ipc|feather)$/i, "arrow"],
  [/\.(txt|text|md|log)(\.gz)?$/i, "text"], [/\.(jpe?g|png|webp|gif|bmp|tiff?|avif)$/i, "images"], [/\.npy$/i, "npy"]
];

export interface InputFlags {
  readonly inputFormat?: string;
  readonly delimiter?: string;
}

/** The source that paths name: by the format given, or by their endings. @throws `unknown-format`; `bad-option` for a delimiter of what is not CSV */
export function inputSource(paths: readonly string[], { inputFormat: format, delimiter }: InputFlags): Datasource {
  inputIsNamedByFlags();
  const names = paths.map(telling);
  const known = format ?? endings.find(([pattern]) => names.every((name) => pattern.test(name)))?.[1];
  if (known === undefined && new Set(names.map((name) => endings.find(([pattern]) => pattern.test(name))?.[1])).size > 1) {
    throw new ShoalError("unknown-format", `${paths.join(", ")} are files of several formats, which can't be read together.`, {
      hint: "Name files of one format, or say --input-format where the names deceive; a program may union() datasets of several.",
    });
  }
  if (known === undefined || !(known in sources)) {
    throw new ShoalError("unknown-format", `The format of ${paths.join(", ")} can't be told from the ${paths.length === 1 ? "name" : "names"}.`, {
      hint: names.some((name) => /\.(xlsx?|ods|numbers)$/i.test(name)) ? "A spreadsheet is not read: save it as CSV, and name that." : `Say --input-format with one of ${inputFormats.join(", ")}.`,
    });
  }
  if (delimiter !== undefined && known !== "csv") throw badFlag(`--delimiter is of CSV, and ${paths.join(", ")} ${paths.length === 1 ? "is" : "are"} read as ${known}.`, "Leave it out, or say --input-format csv.");
  if (delimiter !== undefined) return csvSource(paths, { delimiter });
  const open = sources[known as keyof typeof sources] as (paths: readonly string[]) => Datasource;
  return open(paths);
}

/** What a source would read of a folder. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw fileError(error, `read "${folder}"`);
  }
}

/** The name whose ending tells the format: for a folder, that of its first file. */
function telling(path: string): string {
  if (/^https?:/.test(path)) return path.split(/[?#]/)[0] as string;
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined && path !== "-" && !/[*?{[]/.test(path) && !path.startsWith("file:")) {
    throw new ShoalError("file-not-found", `There is no file or folder ${path} (looked in ${process.cwd()}).`, { hint: "Check the name and the folder." });
  }
  if (found?.isDirectory() !== true) return path;
  const names = namesIn(path).sort();
  if (names.length === 0) throw new ShoalError("no-files", `The folder ${path} is empty (looked in ${process.cwd()}).`, { hint: "Name the folder that the files are in." });
  const first = names.find((name) => endings.some(([pattern]) => pattern.test(name)) && !/(^|[\\/])[._]/.test(name));
  return join(path, first ?? "");
}
