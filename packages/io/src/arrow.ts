import type { Datasink } from "@shoal/core";
import { fileDatasink, type FileSinkOptions } from "./file-datasink.ts";
import type { OutputPlace } from "./output.ts";

/**
 * A path as Arrow IPC: one file when it ends in `.arrow`, `.feather` (both with a footer) or `.arrows` (a stream), otherwise a
 * directory of `.arrow` parts. Each block is a record batch. Encoding runs in a thread of its own.
 * @throws on opening: `output-exists`, `output-unfinished`; on writing: `schema-conflict`
 */
export function arrow(path: string | OutputPlace, options: FileSinkOptions = {}): Datasink {
  return fileDatasink(
    path,
    {
      format: "arrow",
      extensions: [".arrow", ".feather", ".arrows"],
      fixes: "types",
      async encode(file, schema) {
        const { ThreadEncoder } = await import("./thread-encoder.ts");
        return new ThreadEncoder("arrow-write", { schema, footer: !file.path.endsWith(".arrows") }, file);
      },
    },
    options,
  );
}
