import type { Block, Datasource, JsonObject, SentBlock } from "@shoal/core";
import { receiveBlock } from "./block-transfer.ts";
import { decodeFile, type DecodeOptions } from "./decode-file.ts";
import { fileDatasource, type FilePart } from "./file-datasource.ts";
import type { SourceFile } from "./file-store.ts";
import type { Paths } from "./given-files.ts";
import type { ParquetRequest, ParquetSummary } from "./parquet-decode.ts";

/** How Parquet files are understood and decoded. */
export interface ParquetSourceOptions extends DecodeOptions {
  /** Bytes without an annotation are text, as Impala and old Spark meant them. Default: they become a `binary` column. */
  readonly binaryAsText?: boolean;
}

/**
 * Parquet files as rows. A partition is a row group; only the columns asked for are read, over HTTP too; the schema and the row count
 * come from the footer. Decoding runs in a thread of its own.
 * @param paths files, directories, globs, URLs or Blobs
 * @throws on reading: `bad-file`, `unsupported-file`, `decoder-stalled`, `decoder-crashed`, naming file, row group and reason.
 */
export function parquetSource<R = Record<string, unknown>>(paths: Paths, options: ParquetSourceOptions = {}): Datasource<R> {
  const { binaryAsText = false } = options;
  const summaries = new Map<string, ParquetSummary>();
  async function summarize(file: SourceFile, signal: AbortSignal): Promise<ParquetSummary> {
    const key = `${file.version} ${file.path}`;
    const known = summaries.get(key);
    if (known !== undefined) return known;
    for await (const summary of decodeFile("parquet-summary", "parquet", file, { options: { binaryAsText } }, signal, options)) summaries.set(key, summary as ParquetSummary);
    return summaries.get(key) as ParquetSummary;
  }

  return fileDatasource<R>(paths, {
    format: "parquet",
    extensions: [".parquet", ".pq"],
    prunesColumns: true,
    streams: false,
    async *parts(file, signal): AsyncIterable<FilePart> {
      const { rowGroups } = await summarize(file, signal);
      yield* rowGroups.map(({ rows, bytes }, at) => ({ part: `row-group=${at}`, rows, bytes }));
    },
    schema: async (file, signal) => (await summarize(file, signal)).schema,
    countRows: async (file, signal) => (await summarize(file, signal)).rowGroups.reduce((sum, { rows }) => sum + rows, 0),
    async *read(file, { part, columns, firstRow, limit, signal }): AsyncIterable<Block> {
      const rowGroup = Number(part?.slice("row-group=".length));
      const request: ParquetRequest = {
        rowGroup,
        binaryAsText,
        ...(columns === undefined ? {} : { columns }),
        ...(firstRow === undefined ? {} : { firstRow }),
        ...(limit === undefined ? {} : { limit }),
      };
      for await (const sent of decodeFile("parquet-read", "parquet", file, { request }, signal, options, `row group ${rowGroup}`)) yield await receiveBlock(sent as SentBlock);
    },
  }, { ...(options as JsonObject) });
}
