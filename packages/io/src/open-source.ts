import { ShoalError, type Datasource, type SourceSpec } from "@shoal/core";
import { arrowSource } from "./arrow-source.ts";
import { binarySource } from "./binary-source.ts";
import { csvSource } from "./csv-source.ts";
import { imagesSource } from "./images-source.ts";
import { jsonSource } from "./json-source.ts";
import { jsonlSource } from "./jsonl-source.ts";
import { npySource } from "./npy-source.ts";
import { parquetSource } from "./parquet-source.ts";
import { range } from "./range.ts";
import { textSource } from "./text-source.ts";

type Open = (paths: readonly string[], options: object) => Datasource<unknown>;

const formats: Readonly<Record<string, Open>> = {
  arrow: arrowSource, binary: binarySource, csv: csvSource, images: imagesSource, json: jsonSource, jsonl: jsonlSource, npy: npySource, parquet: parquetSource, text: textSource,
};

/** The source that a plan's JSON describes. @throws `unknown-format`. */
export function openSource({ format, options }: SourceSpec): Datasource<unknown> {
  const { paths = [], n = 0, ...rest } = options as { paths?: readonly string[]; n?: number };
  if (format === "range") return range(n);
  const open = formats[format];
  if (open !== undefined) return open(paths, rest);
  throw new ShoalError("unknown-format", `This plan reads "${format}", which is none of range, ${Object.keys(formats).join(", ")}.`, { hint: "Make the plan anew with this version of Shoal, from one of these sources.", failure: "bug" });
}
