import { blockRows, type Block, type Datasource, type ReadOptions, type Row } from "@shoal/core";

/** All blocks of a source, for what is small enough. */
export async function collectBlocks(source: Datasource<unknown>, options: Partial<ReadOptions> = {}): Promise<Block[]> {
  const signal = options.signal ?? new AbortController().signal;
  const blocks: Block[] = [];
  for await (const partition of source.partitions(signal)) for await (const block of source.read(partition, { ...options, signal })) blocks.push(block);
  return blocks;
}

/** All rows of a source, for what is small enough. `firstRow` and `limit` count in each partition. */
export async function collectRows(source: Datasource<unknown>, options: Partial<ReadOptions> = {}): Promise<Row[]> {
  return (await collectBlocks(source, options)).flatMap((block) => [...blockRows(block)]);
}
