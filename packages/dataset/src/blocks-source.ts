import { commonSchema, schemaOf, sliceBlock, type Block, type Datasource, type Row } from "@shoal/core";

let sources = 0;

/** A source over blocks in memory; each block is a partition. */
export function blocksSource<R = Row>(blocks: readonly Block[]): Datasource<R> {
  const rows = blocks.reduce((sum, block) => sum + block.rows, 0);
  const id = `memory-${++sources}`;
  return {
    name: `memory(${rows} rows)`,
    // Another process can't tell whether its blocks are these.
    resumable: false,
    prunesColumns: false,
    sharesMemory: "columns",
    countRows: () => Promise.resolve(rows),
    schema: () => Promise.resolve(blocks.length === 0 ? { fields: [] } : blocks.map((block) => schemaOf(block.columns)).reduce(commonSchema)),
    // eslint-disable-next-line typescript/require-await -- the port is asynchronous, memory is not
    async *partitions() {
      for (const [at, block] of blocks.entries()) yield { id: `${id}/${at}`, version: "1", rows: block.rows };
    },
    // eslint-disable-next-line typescript/require-await -- as above
    async *read(partition, { firstRow = 0, limit = Infinity }) {
      const block = blocks[Number(partition.id.split("/")[1])] as Block;
      const lineage = [{ partition: partition.id, version: "1", firstRow: 0, rows: block.rows }];
      yield sliceBlock({ ...block, lineage }, firstRow, firstRow + limit);
    },
  };
}
