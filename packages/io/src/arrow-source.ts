import type { Block, Datasource, JsonObject, Schema, SentBlock } from "@shoal/core";
import { receiveBlock } from "./block-transfer.ts";
import { fileDatasource, skipRows } from "./file-datasource.ts";
import type { Paths } from "./given-files.ts";
import { decodeFile, type DecodeOptions } from "./decode-file.ts";

/** How Arrow files are decoded. */
export type ArrowSourceOptions = DecodeOptions;

/**
 * Arrow IPC files as rows, with a footer (`.arrow`, `.feather`) or as streams (`.arrows`); bodies may be compressed with LZ4 or zstd.
 * A file is a partition, read record batch by record batch in a thread of its own.
 * @param paths files, directories, globs, URLs or Blobs
 * @throws on reading: `bad-file`, `unsupported-file`, `decoder-stalled`, `decoder-crashed`, naming file and reason.
 */
export function arrowSource<R = Record<string, unknown>>(paths: Paths, options: ArrowSourceOptions = {}): Datasource<R> {
  return fileDatasource<R>(paths, {
    format: "arrow",
    extensions: [".arrow", ".arrows", ".feather", ".ipc"],
    prunesColumns: true,
    streams: false,
    async schema(file, signal): Promise<Schema | undefined> {
      for await (const schema of decodeFile("arrow-schema", "arrow", file, {}, signal, options)) return schema as Schema;
      return undefined;
    },
    read: (file, { columns, firstRow, signal }) => {
      const blocks = async function* (): AsyncIterable<Block> {
        for await (const sent of decodeFile("arrow-read", "arrow", file, columns === undefined ? {} : { columns }, signal, options)) yield await receiveBlock(sent as SentBlock);
      };
      return skipRows(blocks(), firstRow);
    },
  }, { ...(options as JsonObject) });
}
