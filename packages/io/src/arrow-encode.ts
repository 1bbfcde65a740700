import { type Block, type Schema } from "@shoal/core";
import { tableFromBlock } from "@shoal/core/arrow";
import { RecordBatchFileWriter, RecordBatchStreamWriter } from "apache-arrow";
import { emptyBlock } from "./empty-block.ts";

export interface ArrowEncoding {
  readonly schema: Schema;
  /** With a footer (`.arrow`), or as a stream (`.arrows`). */
  readonly footer: boolean;
}

/** Blocks as the bytes of an Arrow file, a record batch each. */
export async function* encodeArrow({ schema, footer }: ArrowEncoding, blocks: AsyncIterable<Block>): AsyncGenerator<Uint8Array> {
  const writer = footer ? new RecordBatchFileWriter() : new RecordBatchStreamWriter();
  const written = writer[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  // Declares the columns, also when no rows follow.
  writer.reset(undefined, tableFromBlock(emptyBlock(schema)).schema);
  const ended = (async () => {
    for await (const block of blocks) {
      const [batch] = tableFromBlock(block).batches;
      if (batch !== undefined) writer.write(batch);
    }
    writer.finish();
  })();
  ended.catch((error: unknown) => writer.abort(error));
  for (let part = await written.next(); part.done !== true; part = await written.next()) yield part.value;
  await ended;
}
