import { createBlock, ShoalError, type Datasource, type JsonObject } from "@shoal/core";
import { fileDatasource } from "./file-datasource.ts";
import type { Paths } from "./given-files.ts";

/** Which files, and how large one may be. */
export interface BinaryOptions {
  /** Of a directory, only files whose name ends so (`[".wav"]`). Default: all. */
  readonly extensions?: readonly string[];
  /** A larger file is refused. Default 1 GiB. */
  readonly maxFileBytes?: number;
}

/** Files as they are: one row a file, in the columns `path` and `bytes`. @throws `file-too-large` */
export function binarySource(paths: Paths, options: BinaryOptions = {}): Datasource<{ path: string; bytes: Uint8Array }> {
  const { extensions = [], maxFileBytes = 1024 ** 3 } = options;
  return fileDatasource(paths, {
    format: "binary",
    extensions: extensions.map((extension) => extension.toLowerCase()),
    prunesColumns: true,
    streams: true,
    rowPerFile: true,
    schema: async () => ({ fields: [{ name: "path", type: { kind: "utf8" }, nullable: false }, { name: "bytes", type: { kind: "binary" }, nullable: false }] }),
    countRows: async () => 1,
    async *read(file, { firstRow = 0, columns, signal }) {
      if (firstRow > 0) return;
      const path = { type: { kind: "utf8" }, length: 1, values: [file.path] } as const;
      // Nothing is read of files whose bytes nobody asked for.
      if (columns !== undefined && !columns.includes("bytes")) {
        yield createBlock(columns.includes("path") ? { path } : {}, [], 1);
        return;
      }
      const parts: Uint8Array[] = [];
      let size = 0;
      for await (const part of file.stream(signal)) {
        size += part.byteLength;
        if (size > maxFileBytes) throw new ShoalError("file-too-large", `"${file.path}" holds more than ${maxFileBytes} bytes.`, { hint: "Raise maxFileBytes if that is meant.", failure: "bug" });
        parts.push(part);
      }
      const bytes = new Uint8Array(size);
      let at = 0;
      for (const part of parts) {
        bytes.set(part, at);
        at += part.byteLength;
      }
      yield createBlock({ path, bytes: { type: { kind: "binary" }, length: 1, values: [bytes] } }, [], 1);
    },
  }, { ...options } as JsonObject);
}
