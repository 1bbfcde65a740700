import { blockFromRows, type Datasource, type Row } from "@shoal/core";

/** A source of given rows that counts how far it was read. */
export interface CountingSource extends Datasource {
  readonly rowsRead: number;
  /** Readers that were opened and not closed. */
  readonly open: number;
}

/** Rows in partitions of `rowsPerPartition`, read in blocks of `rowsPerBlock`. */
export function countingSource(rows: readonly Row[], { rowsPerBlock = 100, rowsPerPartition = Infinity, name = "counted" } = {}): CountingSource {
  let rowsRead = 0;
  let open = 0;
  return {
    name, resumable: true, prunesColumns: false,
    get rowsRead() {
      return rowsRead;
    },
    get open() {
      return open;
    },
    countRows: () => Promise.resolve(rows.length),
    async *partitions() {
      const size = Math.min(rowsPerPartition, Math.max(1, rows.length));
      for (let first = 0; first < rows.length; first += size) yield { id: `${name}-${first}`, version: "1", rows: Math.min(size, rows.length - first) };
    },
    async *read({ id, rows: size = 0 }, { limit = Infinity, firstRow = 0 }) {
      const start = Number(id.slice(name.length + 1));
      open++;
      try {
        for (let at = firstRow; at < Math.min(size, firstRow + limit); at += rowsPerBlock) {
          const part = rows.slice(start + at, start + Math.min(at + rowsPerBlock, size));
          rowsRead += part.length;
          yield blockFromRows(part, undefined, [{ partition: id, version: "1", firstRow: at, rows: part.length }]);
        }
      } finally {
        open--;
      }
    },
  };
}
