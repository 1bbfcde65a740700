import { blockFromRows, type Datasource, type Schema } from "shoal";

export interface Ticket {
  readonly id: number;
  readonly text: string;
}

const schema: Schema = {
  fields: [{ name: "id", type: { kind: "float64" }, nullable: false }, { name: "text", type: { kind: "utf8" }, nullable: false }],
};

/** The tickets of an API that gives them in pages of at most some thousand. */
export function tickets(pages: number, fetchPage: (page: string, signal: AbortSignal) => Promise<readonly Ticket[]>): Datasource<Ticket> {
  return {
    name: "tickets",
    resumable: true, // a page can be asked for again; false where rows are gone once they are read
    prunesColumns: false, // a block may hold more columns than `options.columns` asks for
    schema: async () => schema,
    async *partitions() {
      for (let page = 0; page < pages; page++) yield { id: `page-${page}`, version: "1" };
    },
    async *read({ id, version }, { firstRow = 0, limit = Infinity, signal }) {
      signal.throwIfAborted();
      const rows = (await fetchPage(id, signal)).slice(firstRow, firstRow + limit);
      if (rows.length > 0) yield blockFromRows(rows.map((row) => ({ ...row })), schema, [{ partition: id, version, firstRow, rows: rows.length }]);
    },
  };
}
