// oxlint-disable vitest/no-conditional-expect -- what an adapter does not claim to know is not checked
import { blockBytes, blockRows, formatSchema, schemaOf, type Block, type Datasource, type Partition, type ReadOptions, type Row } from "@shoal/core";
import { describe, expect, test } from "vitest";

/** What a Datasource under test comes with. */
export interface DatasourceFixture {
  readonly source: Datasource<unknown>;
  /** What it must give, where the test knows it. */
  readonly rows?: readonly Row[];
  readonly [Symbol.asyncDispose]?: () => Promise<void>;
}

/** What a Datasource cannot do. */
export interface DatasourceGaps {
  /** Rows can be read once only, as from a pipe. */
  readonly readAgain?: false;
}

const never = new AbortController().signal;
const maxBlockRows = 4096;
const maxBlockBytes = 16 * 1024 * 1024;

/**
 * What every Datasource must do.
 * @param create A source of at least three rows; called for each test.
 */
export function testDatasource(name: string, create: () => Promise<DatasourceFixture> | DatasourceFixture, gaps: DatasourceGaps = {}): void {
  const again = gaps.readAgain !== false;

  describe(`datasource ${name}`, () => {
    test("gives the rows, in blocks of bounded size that say where they come from", () => withFixture(create, async ({ source, rows }) => {
      const found: Row[] = [];
      const ids = new Set<string>();
      for (const partition of await partitionsOf(source)) {
        expect(ids, "partition ids are unique").not.toContain(partition.id);
        ids.add(partition.id);
        const blocks = await blocksOf(source, partition);
        checkLineage(blocks, partition, 0);
        for (const block of blocks) {
          expect(block.rows).toBeGreaterThan(0);
          expect(block.rows).toBeLessThanOrEqual(maxBlockRows);
          if (block.rows > 1) expect(blockBytes(block)).toBeLessThanOrEqual(maxBlockBytes);
          for (const column of Object.values(block.columns)) expect(column.length).toBe(block.rows);
        }
        const own = rowsOf(blocks);
        if (partition.rows !== undefined) expect(own).toHaveLength(partition.rows);
        found.push(...own);
      }
      expect(found.length).toBeGreaterThanOrEqual(3);
      if (rows !== undefined) expect(found).toEqual(rows);
    }));

    test("knows beforehand only what is true", () => withFixture(create, async ({ source }) => {
      const count = await source.countRows?.(never);
      const schema = await source.schema?.(never);
      const blocks: Block[] = [];
      for (const partition of await partitionsOf(source)) blocks.push(...(await blocksOf(source, partition)));
      if (count !== undefined) expect(rowsOf(blocks)).toHaveLength(count);
      if (schema === undefined) return;
      const nullable = new Set(schema.fields.filter((field) => field.nullable).map((field) => field.name));
      for (const block of blocks) {
        const own = schemaOf(block.columns);
        const strip = (fields: typeof own.fields) => formatSchema({ fields: fields.map((field) => ({ ...field, nullable: false })) });
        expect(strip(own.fields)).toBe(strip(schema.fields));
        for (const field of own.fields) if (field.nullable) expect(nullable, `${field.name} has missing values`).toContain(field.name);
      }
    }));

    test("keeps a limit, and ends early without harm", () => withFixture(create, async ({ source }) => {
      const [partition] = await partitionsOf(source);
      if (partition === undefined) return;
      const some = rowsOf(await blocksOf(source, partition, { limit: 2 }));
      expect(some.length).toBeLessThanOrEqual(2);
      if (!again) return;
      expect(some).toEqual(rowsOf(await blocksOf(source, partition)).slice(0, 2));
      expect(await blocksOf(source, partition, { limit: 0 })).toEqual([]);
      for await (const _ of source.read(partition, { signal: never })) break;
      expect(rowsOf(await blocksOf(source, partition, { limit: 2 }))).toEqual(some);
    }));

    test("gives only the columns asked for", () => withFixture(create, async ({ source }) => {
      if (!again) return;
      for (const partition of (await partitionsOf(source)).slice(0, 2)) {
        const whole = await blocksOf(source, partition);
        const names = Object.keys(whole[0]?.columns ?? {});
        const wanted = names.slice(-1);
        const pruned = await blocksOf(source, partition, { columns: wanted });
        if (source.prunesColumns) for (const block of pruned) expect(Object.keys(block.columns)).toEqual(wanted);
        const pick = (row: Row) => wanted.map((column) => row[column]);
        expect(rowsOf(pruned).map(pick)).toEqual(rowsOf(whole).map(pick));
        const none = await blocksOf(source, partition, { columns: [] });
        expect(none.reduce((sum, block) => sum + block.rows, 0), "no columns are still rows").toBe(rowsOf(whole).length);
      }
    }));

    test("is resumable from any row, where it says so", () => withFixture(create, async ({ source }) => {
      if (!again) expect(source.resumable).toBe(false);
      if (!source.resumable) return;
      const partitions = await partitionsOf(source);
      expect((await partitionsOf(source)).map(({ id, version }) => [id, version])).toEqual(partitions.map(({ id, version }) => [id, version]));
      for (const partition of partitions.slice(0, 3)) {
        const whole = await blocksOf(source, partition);
        const all = rowsOf(whole);
        for (const firstRow of new Set([0, 1, Math.floor(all.length / 2), all.length - 1, all.length])) {
          const rest = await blocksOf(source, partition, { firstRow });
          checkLineage(rest, partition, firstRow);
          expect(rowsOf(rest)).toEqual(all.slice(firstRow));
          const typesOf = (block: Block | undefined) => block && Object.entries(block.columns).map(([column, { type }]) => [column, type]);
          if (rest.length > 0) expect(typesOf(rest[0])).toEqual(typesOf(whole[0]));
        }
        expect(rowsOf(await blocksOf(source, partition, { firstRow: 1, limit: 1 }))).toEqual(all.slice(1, 2));
      }
    }));

    test("ends when it is aborted", () => withFixture(create, async ({ source }) => {
      const controller = new AbortController();
      const [partition] = await partitionsOf(source);
      if (partition === undefined) return;
      controller.abort();
      await expect(collect(source.read(partition, { signal: controller.signal }))).rejects.toSatisfy((error: { name?: string; code?: string }) => error.name === "AbortError" || error.code === "aborted");
    }));
  });
}

async function partitionsOf(source: Datasource<unknown>): Promise<Partition[]> {
  return collect(source.partitions(never));
}

async function blocksOf(source: Datasource<unknown>, partition: Partition, options: Partial<ReadOptions> = {}): Promise<Block[]> {
  return collect(source.read(partition, { signal: never, ...options }));
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

function rowsOf(blocks: readonly Block[]): Row[] {
  return blocks.flatMap((block) => [...blockRows(block)]);
}

/** One span a block, one after another. */
function checkLineage(blocks: readonly Block[], { id, version }: Partition, firstRow: number): void {
  let next = firstRow;
  for (const block of blocks) {
    expect(block.lineage).toEqual([{ partition: id, version, firstRow: next, rows: block.rows }]);
    next += block.rows;
  }
}

async function withFixture(create: () => Promise<DatasourceFixture> | DatasourceFixture, check: (fixture: DatasourceFixture) => Promise<void>): Promise<void> {
  const fixture = await create();
  try {
    await check(fixture);
  } finally {
    await fixture[Symbol.asyncDispose]?.();
  }
}
