import { blockFromRows, blockRows, ShoalError, type ActorHost, type Block, type Datasource, type Row } from "@shoal/core";
import type { PhysicalOperator, RowStep, Scan } from "@shoal/planner";
import type { Environment } from "../environment.ts";
import { execute } from "../streaming-executor.ts";

export const noActors: ActorHost = { name: "none", spawn: () => Promise.reject(new Error("no actors here")), [Symbol.asyncDispose]: async () => {} };

export function source(blocks: readonly Block[], read: { rows: number; closed: number } = { rows: 0, closed: 0 }): Datasource {
  return {
    name: "memory", resumable: true, prunesColumns: false,
    async *partitions() {
      yield { id: "memory", version: "1" };
    },
    async *read() {
      try {
        for (const block of blocks) {
          read.rows += block.rows;
          yield block;
        }
      } finally {
        read.closed++;
      }
    },
  };
}

export const scan = (...blocks: Block[]): Scan => ({ kind: "scan", source: source(blocks) });
export const numbered = (count: number, perBlock: number): Block[] =>
  Array.from({ length: Math.ceil(count / perBlock) }, (_, at) => {
    const rows = Math.min(perBlock, count - at * perBlock);
    return blockFromRows(Array.from({ length: rows }, (_, row) => ({ n: at * perBlock + row })), undefined, [{ partition: "memory", version: "1", firstRow: at * perBlock, rows }]);
  });

export async function blocksOf(plan: PhysicalOperator, environment: Partial<Environment> = {}): Promise<Block[]> {
  const blocks: Block[] = [];
  for await (const block of execute(plan, { host: noActors, resources: { cpus: 2, gpus: 0, memory: 2 ** 30 }, ...environment })) blocks.push(block);
  return blocks;
}

export const rowsOf = async (plan: PhysicalOperator, environment: Partial<Environment> = {}): Promise<Row[]> => (await blocksOf(plan, environment)).flatMap((block) => [...blockRows(block)]);
/** A source that hangs. */
export const never: AsyncIterable<Block> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
export const thrown = (promise: Promise<unknown>): Promise<ShoalError> => promise.then(() => { throw new Error("it did not throw"); }, (error: unknown) => ShoalError.from(error));

export const map = (run: (row: Row) => unknown, more: Partial<RowStep> = {}): RowStep => ({ kind: "map", step: { name: "f", run: run as never }, ...more }) as RowStep;
export const filter = (run: (row: Row) => unknown, more: Partial<RowStep> = {}): RowStep => ({ kind: "filter", step: { name: "keep", run: run as never }, ...more }) as RowStep;
export const withColumn = (name: string, run: (row: Row) => unknown, more: Partial<RowStep> = {}): RowStep => ({ kind: "with-column", name, step: { name: "", run }, ...more }) as RowStep;
export const flatMap = (run: (row: Row) => unknown, more: Partial<RowStep> = {}): RowStep => ({ kind: "flat-map", step: { name: "spread", run: run as never }, ...more }) as RowStep;
export const functions = (input: PhysicalOperator, ...steps: RowStep[]): PhysicalOperator => ({ kind: "row-functions", input, steps });
