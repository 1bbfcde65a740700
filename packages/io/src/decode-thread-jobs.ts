import type { Block, SentBlock } from "@shoal/core";
import type * as ArrowInspect from "./arrow-inspect.ts";
import type { ArrowEncoding } from "./arrow-encode.ts";
import type { RemoteFile, ThreadJob, ThreadOutput, ThreadPort } from "./decode-thread-messages.ts";
import { receiveBlock, sendBlock } from "./block-transfer.ts";
import { cutBlock } from "./cut-block.ts";
import type { ParquetEncoding } from "./parquet-encode.ts";
import type { OpenParquet, ParquetRequest } from "./parquet-decode.ts";
import type { ParquetTypeOptions } from "./parquet-schema.ts";

export interface FileIdentity {
  readonly path: string;
  readonly version: string;
  readonly size: number;
}

/** What was found in a block; nothing at all is said where there is nothing to say. */
export interface Inspection {
  readonly fault?: ArrowInspect.BlockFault;
  /** Those that were moved here, on their way back. */
  readonly bytes?: Uint8Array;
  /** Theirs, where it was taken. */
  readonly sha256?: string;
}

/** What a decode thread can do on every runtime. Each loads its library when first asked. */
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
    for await (const block of received(port)) yield* moved(encoder.write(block));
    yield* moved(encoder.end());
  },
  "arrow-schema": async function* ({ identity }: { identity: FileIdentity }, port: ThreadPort) {
    const { readArrowSchema } = await import("./arrow-decode.ts");
    yield { value: await readArrowSchema(port.file(identity.size)) };
  },
  "arrow-read": async function* ({ identity, columns }: { identity: FileIdentity; columns?: readonly string[] }, port: ThreadPort) {
    const { readArrow } = await import("./arrow-decode.ts");
    yield* sent(readArrow(port.file(identity.size), columns));
  },
  "arrow-inspect": async function* ({ bytes, expected, givesBack }: { bytes: Uint8Array<ArrayBuffer>; expected: ArrowInspect.BlockExpectation; givesBack: boolean }, port: ThreadPort) {
    // Results are many: to ask the loader for each again takes some 30 µs.
    const { inspectBlock } = (arrowInspect ??= await import("./arrow-inspect.ts"));
    const sha256 = expected.sha256 !== undefined || expected.asksSha256 === true ? await port.sha256(bytes) : undefined;
    const areThose = expected.sha256 === undefined || sha256 === expected.sha256;
    const fault = areThose ? inspectBlock(bytes, expected) : { message: "its bytes are not those of its SHA-256" };
    if (fault === undefined && sha256 === undefined && !givesBack) return;
    const value: Inspection = { ...(fault !== undefined && { fault }), ...(givesBack && { bytes }), ...(sha256 !== undefined && { sha256 }) };
    yield givesBack ? { value, transfer: [bytes.buffer], last: true } : { value, last: true };
  },
  "arrow-write": async function* (encoding: ArrowEncoding, port: ThreadPort) {
    const { encodeArrow } = await import("./arrow-encode.ts");
    for await (const bytes of encodeArrow(encoding, received(port))) yield { value: bytes };
  },
};

async function* sent(blocks: AsyncIterable<Block>): AsyncIterable<ThreadOutput> {
  for await (const block of blocks) for (const piece of cutBlock(block)) yield await sendBlock(piece);
}

async function* received(port: ThreadPort): AsyncIterable<Block> {
  for await (const input of port.inputs()) yield await receiveBlock(input as SentBlock);
}

function* moved(parts: Iterable<Uint8Array<ArrayBuffer>>): Iterable<ThreadOutput> {
  for (const value of parts) yield { value, transfer: [value.buffer] };
}

let arrowInspect: typeof ArrowInspect | undefined;
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
