import type { Block, Datasource, JsonObject } from "@shoal/core";
import { receiveBlock, type SentBlock } from "./block-transfer.ts";
import { badContent, ContentFault } from "./content-fault.ts";
import type { FileIdentity } from "./decode-thread-jobs.ts";
import { fileDatasource, type FilePart, type FileReadOptions } from "./file-datasource.ts";
import type { SourceFile } from "./file-store.ts";
import type { ParquetRequest, ParquetSummary } from "./parquet-decode.ts";

export interface ParquetSourceOptions {
  /** Bytes without an annotation are text, as Impala and old Spark meant them. Default: they become a `binary` column. */
  readonly binaryAsText?: boolean;
  /** How long a row group's decoder may compute without giving or asking for anything. Default 30,000. */
  readonly stallTimeoutMs?: number;
}

/**
 * Parquet files as rows. A partition is a row group; only the columns asked for are read, over HTTP too; the schema and the row count
 * come from the footer. Decoding runs in a thread of its own.
 * @param paths files, directories, globs or URLs
 * @throws on reading: `bad-file`, `unsupported-file`, `decoder-stalled`, `decoder-crashed`, naming file, row group and reason.
 */
export function parquetSource<R = Record<string, unknown>>(paths: string | readonly string[], options: ParquetSourceOptions = {}): Datasource<R> {
  const { binaryAsText = false, stallTimeoutMs } = options;
  const stall = stallTimeoutMs === undefined ? {} : { stallMs: stallTimeoutMs };

  async function* decode(job: string, file: SourceFile, argument: object, signal: AbortSignal, where?: string): AsyncGenerator<unknown> {
    try {
      const { runInThread } = await import("./decode-thread.ts");
      yield* runInThread(job, { identity: identify(file), ...argument }, { file, signal, ...stall });
    } catch (error) {
      throw badContent(error, "parquet", file.path, where);
    }
  }

  const summaries = new Map<string, ParquetSummary>();
  async function summarize(file: SourceFile, signal: AbortSignal): Promise<ParquetSummary> {
    const key = `${file.version} ${file.path}`;
    const known = summaries.get(key);
    if (known !== undefined) return known;
    for await (const summary of decode("parquet-summary", file, { options: { binaryAsText } }, signal)) summaries.set(key, summary as ParquetSummary);
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
    async *read(file, options: FileReadOptions): AsyncIterable<Block> {
      const rowGroup = Number(options.part?.slice("row-group=".length));
      const { columns, firstRow, limit } = options;
      const request: ParquetRequest = {
        rowGroup,
        binaryAsText,
        ...(columns === undefined ? {} : { columns }),
        ...(firstRow === undefined ? {} : { firstRow }),
        ...(limit === undefined ? {} : { limit }),
      };
      for await (const sent of decode("parquet-read", file, { request }, options.signal, `row group ${rowGroup}`)) yield receiveBlock(sent as SentBlock);
    },
  }, { ...(options as JsonObject) });
}

function identify(file: SourceFile): FileIdentity {
  if (file.size === undefined) throw new ContentFault("unsupported-file", "its size is unknown, so its end, where the schema stands, can't be found");
  return { path: file.path, version: file.version, size: file.size };
}
