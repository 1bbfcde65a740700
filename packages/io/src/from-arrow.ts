import { commonSchema, conformBlock, schemaOf, ShoalError, sliceColumn, type Block, type Column, type Datasource, type Row, type Schema } from "@shoal/core";
import type { Table, TypeMap } from "apache-arrow";
import { contentOf } from "./from-columns.ts";
import { fingerprint, memoryDatasource } from "./memory-datasource.ts";

/** One or several Arrow tables, one after another; numbers share the tables' memory. */
export function fromArrow<R = Row>(given: Table<TypeMap> | readonly Table<TypeMap>[]): Datasource<R> {
  const tables = Array.isArray(given) ? (given as readonly Table[]) : [given as Table];
  const [first] = tables;
  if (first === undefined) throw new ShoalError("empty-columns", "fromArrow([]) has no tables.", { hint: "Give at least one table; a table without rows will do.", failure: "bug" });
  let read: Promise<TableBlocks> | undefined;
  const blocks = (): Promise<TableBlocks> => (read ??= blocksOf(tables));

  return {
    name: `arrow(${tables.length === 1 ? `${first.numRows} rows` : `${tables.length} tables`})`,
    resumable: true,
    prunesColumns: true,
    sharesMemory: "columns",
    schema: async () => (await blocks()).schema,
    countRows: async () => tables.reduce((sum, table) => sum + table.numRows, 0),
    async *partitions() {
      let start = 0;
      for (const [at, block] of (await blocks()).alike.entries()) {
        yield { id: `arrow-${at}`, version: fingerprint([[start], ...Object.entries(block.columns).flatMap(([name, column]) => [[name], contentOf(column)])]), rows: block.rows };
        start += block.rows;
      }
    },
    async *read(partition, options) {
      const block = (await blocks()).alike[Number(partition.id.slice("arrow-".length))] as Block;
      yield* tableDatasource(block).read(partition, options);
    },
  };
}

interface TableBlocks {
  readonly schema: Schema;
  readonly alike: readonly Block[];
}

async function blocksOf(tables: readonly Table[]): Promise<TableBlocks> {
  const { blockFromTable } = await import("@shoal/core/arrow");
  const blocks = tables.map((table) => blockFromTable(table));
  const schema = blocks.map((block) => schemaOf(block.columns)).reduce((sum, own) => commonSchema(sum, own));
  return { schema, alike: blocks.length === 1 ? blocks : blocks.map((block) => conformBlock(block, schema)) };
}

function tableDatasource(block: Block): Datasource<never> {
  return memoryDatasource({
    name: "table",
    rows: block.rows,
    schema: schemaOf(block.columns),
    version: () => "",
    slice: (start, end, names) => Object.fromEntries(names.map((name) => [name, sliceColumn(block.columns[name] as Column, start, end)])),
  });
}
