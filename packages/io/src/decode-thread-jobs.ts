import type { RemoteFile, ThreadJob, ThreadOutput, ThreadPort } from "./decode-thread-messages.ts";
import { receiveBlock, sendBlock, type SentBlock } from "./block-transfer.ts";
import { cutBlock } from "./file-datasource.ts";
import type { ParquetEncoding } from "./parquet-encode.ts";
import type { OpenParquet, ParquetRequest } from "./parquet-decode.ts";
import type { ParquetTypeOptions } from "./parquet-schema.ts";
import type { Block } from "@shoal/core";

export interface FileIdentity {
  readonly path: string;
  readonly version: string;
  readonly size: number;
}

/** What a decode thread can do. Each loads its library when first asked. */
export const jobs: Readonly<Record<string, ThreadJob>> = {
  "parquet-summary": async function* ({ identity, options }: { identity: FileIdentity; options: ParquetTypeOptions }, port: ThreadPort) {
    const { summarizeParquet } = await import("./parquet-decode.ts");
    yield { value: summarizeParquet(await parquetOf(identity, options, port.file(identity.size))) };
  },
  "parquet-read": async function* ({ identity, request }: { identity: FileIdentity; request: ParquetRequest }, port: ThreadPort) {
    const { readParquet } = await import("./parquet-decode.ts");
    const file = port.file(identity.size);
    yield* sent(readParquet(file, await parquetOf(identity, request, file), request));
  },
  "parquet-write": async function* (encoding: ParquetEncoding, port: ThreadPort) {
    const { ParquetEncoder } = await import("./parquet-encode.ts");
    const encoder = new ParquetEncoder(encoding);
    for await (const input of port.inputs()) yield* moved(encoder.write(receiveBlock(input as SentBlock)));
    yield* moved(encoder.end());
  },
};

async function* sent(blocks: AsyncIterable<Block>): AsyncIterable<ThreadOutput> {
  for await (const block of blocks) for (const piece of cutBlock(block)) yield sendBlock(piece);
}

function* moved(parts: Iterable<Uint8Array<ArrayBuffer>>): Iterable<ThreadOutput> {
  for (const value of parts) yield { value, transfer: [value.buffer] };
}

let lastParquet: { key: string; open: OpenParquet } | undefined;

/** The footer of a file with many row groups is read once, not once per row group. */
async function parquetOf(identity: FileIdentity, options: ParquetTypeOptions, file: RemoteFile): Promise<OpenParquet> {
  const key = JSON.stringify([identity, options.binaryAsText === true]);
  if (lastParquet?.key !== key) {
    const { openParquet } = await import("./parquet-decode.ts");
    lastParquet = { key, open: await openParquet(file, options) };
  }
  return lastParquet.open;
}
