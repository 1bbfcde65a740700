import { blockFromTable, commonSchema, conformBlock, schemaOf, ShoalError, sliceColumn, type Block, type Column, type Datasource, type Row } from "@shoal/core";
import type { Table, TypeMap } from "apache-arrow";
import { contentOf } from "./from-columns.ts";
import { fingerprint, memoryDatasource } from "./memory-datasource.ts";

/** One or several Arrow tables, one after another; numbers share the tables' memory. */
export function fromArrow<R = Row>(tables: Table<TypeMap> | readonly Table<TypeMap>[]): Datasource<R> {
  const blocks = (Array.isArray(tables) ? (tables as readonly Table[]) : [tables as Table]).map((table) => blockFromTable(table));
  const [first, ...others] = blocks;
  if (first === undefined) throw new ShoalError("empty-columns", "fromArrow([]) has no tables.", { hint: "Give at least one table; a table without rows will do.", failure: "bug" });
  const schema = others.reduce((sum, block) => commonSchema(sum, schemaOf(block.columns)), schemaOf(first.columns));
  const alike = others.length === 0 ? blocks : blocks.map((block) => conformBlock(block, schema));
  const starts = alike.map((_, at) => alike.slice(0, at).reduce((sum, block) => sum + block.rows, 0));
  const sources = alike.map((block) => tableDatasource(block));

  return {
    name: `arrow(${blocks.length === 1 ? `${first.rows} rows` : `${blocks.length} tables`})`,
    resumable: true,
    prunesColumns: true,
    sharesMemory: "columns",
    schema: async () => schema,
    countRows: async () => blocks.reduce((sum, block) => sum + block.rows, 0),
    async *partitions() {
      for (const [at, block] of alike.entries()) {
        yield { id: `arrow-${at}`, version: fingerprint([[starts[at]], ...Object.entries(block.columns).flatMap(([name, column]) => [[name], contentOf(column)])]), rows: block.rows };
      }
    },
    read: (partition, options) => (sources[Number(partition.id.slice("arrow-".length))] as Datasource<R>).read(partition, options),
  };
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
