import { blockFromRows, type Datasource } from "shoal";

/** Rows that are asked for one by one, for a run that goes on as long as the service does. */
export class Queue<R extends object> {
  readonly #waiting: R[] = [];
  #wake = (): void => {};

  add(row: R): void {
    this.#waiting.push(row);
    this.#wake();
  }

  source(): Datasource<R> {
    return {
      name: "queue",
      resumable: false,
      prunesColumns: false,
      async *partitions() {
        yield { id: "queue", version: "once" };
      },
      read: (_partition, { signal }) => this.#blocks(signal),
    };
  }

  /** What has come since the last block is the next one: a source must not wait until many have. */
  async *#blocks(signal: AbortSignal): ReturnType<Datasource["read"]> {
    signal.addEventListener("abort", () => this.#wake());
    let firstRow = 0;
    while (!signal.aborted) {
      const rows = this.#waiting.splice(0) as Record<string, unknown>[];
      if (rows.length > 0) yield blockFromRows(rows, undefined, [{ partition: "queue", version: "once", firstRow, rows: rows.length }]);
      else await new Promise<void>((resolve) => (this.#wake = resolve));
      firstRow += rows.length;
    }
  }
}
