import { ShoalError, type Datasink } from "@shoal/core";
import { fileDatasink, type FileSinkOptions } from "./file-datasink.ts";
import type { OutputPlace } from "./output.ts";
import type { ParquetEncoding } from "./parquet-encode.ts";

/** How Parquet is written. */
export interface ParquetSinkOptions extends FileSinkOptions {
  /** Rows of a row group, the unit that readers skip and spread by. Default 100,000; wide rows make it end earlier, at some 16 MB. */
  readonly rowGroupRows?: number;
  /** Default `snappy`. */
  readonly compression?: "snappy" | "none";
}

/**
 * A path as Parquet: one file when it ends in `.parquet`, otherwise a directory of parts. Tensors and lists become lists, with their
 * shapes noted for Arrow readers; nested values become JSON. Encoding runs in a thread of its own.
 * @throws on opening: `output-exists`, `output-unfinished`; on writing: `schema-conflict`, `no-columns`
 */
export function parquet(path: string | OutputPlace, options: ParquetSinkOptions = {}): Datasink {
  const { rowGroupRows = 100_000, compression = "snappy", ...fileOptions } = options;
  if (!(rowGroupRows >= 1)) throw new ShoalError("bad-option", `rowGroupRows is ${rowGroupRows}; it must be 1 or more.`, { hint: "Give a whole number, or leave the option out.", failure: "bug" });
  return fileDatasink(
    path,
    {
      format: "parquet",
      extensions: [".parquet"],
      fixes: "types",
      needsColumns: true,
      async encode(file, schema) {
        const [{ ThreadEncoder }, { arrowSchemaNote }] = await Promise.all([import("./thread-encoder.ts"), import("./parquet-schema-note.ts")]);
        const encoding: ParquetEncoding = { schema, rowGroupRows, codec: compression, notes: [arrowSchemaNote(schema)] };
        return new ThreadEncoder("parquet-write", encoding, file);
      },
    },
    fileOptions,
    { rowGroupRows, compression },
  );
}
