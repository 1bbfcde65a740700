import { blockFromRows, blockRows, columnFromValues, tensorColumn, ShoalError, type ActorHost, type Block, type Datasink, type Datasource, type DeadLetter, type Row } from "@shoal/core";
import type { PhysicalOperator, RowStep, Scan } from "@shoal/planner";
import { describe, expect, test } from "vitest";
import type { Environment } from "../environment.ts";
import { runToSink } from "../run-to-sink.ts";
import { execute } from "../streaming-executor.ts";

const noActors: ActorHost = { name: "none", spawn: () => Promise.reject(new Error("no actors here")), [Symbol.asyncDispose]: async () => {} };

function source(blocks: readonly Block[], read: { rows: number; closed: number } = { rows: 0, closed: 0 }): Datasource {
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

const scan = (...blocks: Block[]): Scan => ({ kind: "scan", source: source(blocks) });
const numbered = (count: number, perBlock: number): Block[] =>
  Array.from({ length: Math.ceil(count / perBlock) }, (_, at) => {
    const rows = Math.min(perBlock, count - at * perBlock);
    return blockFromRows(Array.from({ length: rows }, (_, row) => ({ n: at * perBlock + row })), undefined, [{ partition: "memory", version: "1", firstRow: at * perBlock, rows }]);
  });

async function blocksOf(plan: PhysicalOperator, environment: Partial<Environment> = {}): Promise<Block[]> {
  const blocks: Block[] = [];
  for await (const block of execute(plan, { host: noActors, resources: { cpus: 2, gpus: 0, memory: 2 ** 30 }, ...environment })) blocks.push(block);
  return blocks;
}

const rowsOf = async (plan: PhysicalOperator, environment: Partial<Environment> = {}): Promise<Row[]> => (await blocksOf(plan, environment)).flatMap((block) => [...blockRows(block)]);
/** A source that hangs. */
const never: AsyncIterable<Block> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
const thrown = (promise: Promise<unknown>): Promise<ShoalError> => promise.then(() => { throw new Error("it did not throw"); }, (error: unknown) => ShoalError.from(error));

const map = (run: (row: Row) => unknown, more: Partial<RowStep> = {}): RowStep => ({ kind: "map", step: { name: "f", run: run as never }, ...more }) as RowStep;
const filter = (run: (row: Row) => unknown, more: Partial<RowStep> = {}): RowStep => ({ kind: "filter", step: { name: "keep", run: run as never }, ...more }) as RowStep;
const withColumn = (name: string, run: (row: Row) => unknown, more: Partial<RowStep> = {}): RowStep => ({ kind: "with-column", name, step: { name: "", run }, ...more }) as RowStep;
const flatMap = (run: (row: Row) => unknown, more: Partial<RowStep> = {}): RowStep => ({ kind: "flat-map", step: { name: "spread", run: run as never }, ...more }) as RowStep;
const functions = (input: PhysicalOperator, ...steps: RowStep[]): PhysicalOperator => ({ kind: "row-functions", input, steps });

describe("row functions", () => {
  test("are one pass", async () => {
    const plan = functions(scan(...numbered(6, 4)), filter((row) => (row["n"] as number) % 2 === 0), map((row) => ({ ...row, m: row["n"] })), flatMap((row) => [row, row]), withColumn("k", (row) => (row["m"] as number) + 1));
    expect(await rowsOf(plan)).toEqual([0, 0, 2, 2, 4, 4].map((n) => ({ n, m: n, k: n + 1 })));
  });

  test("may be asynchronous: order is kept, and only so many run at once", async () => {
    let open = 0;
    let most = 0;
    const slow = async (row: Row): Promise<Row> => {
      most = Math.max(most, ++open);
      for (let turn = (row["n"] as number) % 7; turn >= 0; turn--) await Promise.resolve();
      open--;
      return { n: row["n"] };
    };
    const plan = functions(scan(...numbered(100, 50)), withColumn("x", () => 1), map((row) => ((row["n"] as number) % 3 === 0 ? row : slow(row))), flatMap(async function* (row) {
      yield { n: row["n"] };
    }));
    expect((await rowsOf(plan)).map((row) => row["n"])).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(16);
  });

  test("that only filter and add columns leave the others as they are", async () => {
    const block: Block = { rows: 3, lineage: [], columns: { id: columnFromValues([1, 2, 3], { kind: "int64" }), image: tensorColumn(new Float32Array(12), [2, 2]) } };
    const [result] = await blocksOf(functions(scan(block), filter((row) => row["id"] !== 2), withColumn("big", (row) => (row["id"] as number) > 1)));
    expect(result?.columns["id"]?.type).toEqual({ kind: "int64" });
    expect(result?.columns["image"]).toMatchObject({ length: 2, type: { kind: "tensor", element: "float32", shape: [2, 2] } });
    expect(result?.columns["big"]?.type).toEqual({ kind: "bool" });
  });

  test("that map keep the type of a column wherever no value is lost", async () => {
    const block: Block = {
      rows: 2, lineage: [],
      columns: { id: columnFromValues([1, 2], { kind: "int64" }), image: tensorColumn(new Float32Array(8), [2, 2]), score: columnFromValues([0.5, 0.25], { kind: "float32" }), small: columnFromValues([1, 255], { kind: "uint8" }) },
    };
    const [same] = await blocksOf(functions(scan(block), map((row) => ({ ...row }))));
    expect(Object.values(same?.columns ?? {}).map((column) => column.type)).toEqual(Object.values(block.columns).map((column) => column.type));
    const [changed] = await blocksOf(functions(scan(block), map((row) => ({ id: (row["id"] as number) + 0.5, score: (row["score"] as number) * 1.1, small: (row["small"] as number) + 1 }))));
    expect(Object.values(changed?.columns ?? {}).map((column) => column.type.kind)).toEqual(["float64", "float64", "float64"]);
    expect([...blockRows(changed as Block)][1]).toEqual({ id: 2.5, score: 0.25 * 1.1, small: 256 });
  });

  test("see no column in what somebody added to all objects", async () => {
    const everywhere = Object.prototype as { added?: unknown };
    let rows: Row[];
    try {
      everywhere.added = () => 1;
      const plan = functions(scan(...numbered(2, 4)), map((row) => ({ ...row, m: 1 })), withColumn("k", (row) => row["n"]));
      rows = await rowsOf({ kind: "project", input: plan, columns: [["m", "x"]], rest: true, drop: [] } as PhysicalOperator);
    } finally {
      delete everywhere.added;
    }
    expect(rows).toEqual([{ n: 0, x: 1, k: 0 }, { n: 1, x: 1, k: 1 }]);
  });

  test("that fail name step, place and row", async () => {
    const plan = functions(scan(...numbered(10, 4)), map((row) => {
      if (row["n"] === 6) throw new RangeError("too much");
      return row;
    }));
    const error = await thrown(rowsOf(plan));
    expect(error.message).toMatch(/map\(f\) failed at memory, row 7, \{"n":6\}: too much/);
    expect(error.details).toMatchObject({ row: 2 });
    const later = functions(scan(...numbered(10, 4)), map(async (row) => {
      if ((row["n"] as number) >= 6) throw new RangeError(`too much: ${String(row["n"])}`);
      return row;
    }));
    expect((await thrown(rowsOf(later))).message).toContain("too much: 6");
    expect((await thrown(rowsOf(functions(scan(...numbered(1, 1)), map(() => 3))))).message).toContain("map(f) returned 3 instead of a row object");
  });

  test("that return what can't be read are named, with place and row", async () => {
    // eslint-disable-next-line no-throw-literal, typescript/only-throw-error
    const shy = new Proxy({}, { ownKeys: () => { throw null; } });
    for (const odd of [shy, { n: 1, nested: shy }]) {
      const error = await thrown(rowsOf(functions(scan(...numbered(5, 5)), map((row) => (row["n"] === 3 ? odd : row)))));
      expect([error.code, error.message]).toEqual(["wrong-result", expect.stringContaining('map(f) failed at memory, row 4, {"n":3}: what it returned can\'t be read') as string]);
    }
  });

  test("that fail may skip, null or dead-letter the row", async () => {
    const failing = (row: Row): Row => {
      if (row["n"] === 1) throw new Error("no");
      return { n: row["n"], m: 1 };
    };
    const letters: DeadLetter[] = [];
    const with_ = (onError: "skip" | "null" | "deadLetter", ...steps: RowStep[]): Promise<Row[]> => rowsOf(functions(scan(...numbered(3, 3)), ...steps), { onError, deadLetters: async (more) => void letters.push(...more) });
    expect(await with_("skip", map(failing))).toEqual([{ n: 0, m: 1 }, { n: 2, m: 1 }]);
    expect(await with_("null", map(failing))).toEqual([{ n: 0, m: 1 }, { n: 1, m: null }, { n: 2, m: 1 }]);
    expect(await with_("null", withColumn("m", (row) => failing(row)["m"]))).toEqual([{ n: 0, m: 1 }, { n: 1, m: null }, { n: 2, m: 1 }]);
    expect(await with_("null", filter(failing))).toHaveLength(3);
    expect(await with_("deadLetter", map(async (row) => failing(row)))).toEqual([{ n: 0, m: 1 }, { n: 2, m: 1 }]);
    expect(letters).toMatchObject([{ row: { n: 1 }, step: "map(f)", attempts: 1, source: "memory, row 2", error: { message: "no" } }]);
    // A step's own word goes before the run's.
    expect(await with_("deadLetter", map(failing, { onError: "skip" }))).toHaveLength(2);
    expect(letters).toHaveLength(1);
  });

  test("that change row counts can't null", async () => {
    const plan = functions(scan(), flatMap(() => []));
    expect(() => execute(plan, { host: noActors, resources: { cpus: 1, gpus: 0, memory: 1 }, onError: "null" })).toThrow(/null.*flatMap\(spread\)/);
  });

  test("that fail too often end the run", async () => {
    const failing = map((row) => {
      if ((row["n"] as number) % 2 === 0) throw new Error("even");
      return row;
    });
    expect(await rowsOf(functions(scan(...numbered(10, 2)), failing), { onError: "skip", maxErrors: 5 })).toHaveLength(5);
    expect(await thrown(rowsOf(functions(scan(...numbered(10, 2)), failing), { onError: "skip", maxErrors: 4 }))).toMatchObject({ code: "too-many-errors" });
  });
});

describe("recut", () => {
  const sizes = async (plan: Partial<Extract<PhysicalOperator, { kind: "recut" }>>, ...blocks: Block[]): Promise<number[]> =>
    (await blocksOf({ kind: "recut", input: scan(...blocks), multipleOf: 1, firstRows: 32, maxRows: 256, ...plan })).map((block) => block.rows);

  test("grows from the first rows to the window", async () => {
    expect(await sizes({}, ...numbered(1000, 7))).toEqual([32, 64, 128, 256, 256, 256, 8]);
  });

  test("cuts where a batch ends, whatever came", async () => {
    for (const multipleOf of [1, 3, 7, 32, 100, 300]) {
      for (const perBlock of [1, 10, 64, 5000]) {
        const cut = await sizes({ multipleOf }, ...numbered(1000, perBlock));
        expect(cut.reduce((sum, rows) => sum + rows, 0)).toBe(1000);
        expect(cut.slice(0, -1).every((rows) => rows % multipleOf === 0)).toBe(true);
      }
    }
  });

  test("gives so many blocks of near-equal size", async () => {
    expect(await sizes({ blocks: 4 }, ...numbered(10, 3))).toEqual([3, 2, 3, 2]);
    expect(await sizes({ blocks: 100 }, ...numbered(3, 3))).toEqual([1, 1, 1]);
    expect(await sizes({ blocks: 3, multipleOf: 4 }, ...numbered(20, 3))).toEqual([8, 8, 4]);
  });

  test("joins the lineage of what touches", async () => {
    const [first] = await blocksOf({ kind: "recut", input: scan(...numbered(100, 10)), multipleOf: 1, firstRows: 32, maxRows: 64 });
    expect(first?.lineage).toEqual([{ partition: "memory", version: "1", firstRow: 0, rows: 32 }]);
  });
});

describe("limit", () => {
  test("reads no further, and closes what it read from", async () => {
    const read = { rows: 0, closed: 0 };
    const plan: PhysicalOperator = { kind: "limit", rows: 25, input: functions({ kind: "scan", source: source(numbered(1000, 10), read) }, map((row) => row)) };
    expect(await rowsOf(plan)).toHaveLength(25);
    expect(read).toEqual({ rows: 30, closed: 1 });
    expect(await rowsOf({ ...plan, rows: 0 })).toEqual([]);
    expect(read.rows).toBe(30);
  });

  test("inside a union leaves the others alone", async () => {
    const plan: PhysicalOperator = { kind: "union", inputs: [{ kind: "limit", rows: 3, input: scan(...numbered(10, 2)) }, scan(...numbered(2, 2))] };
    expect((await rowsOf(plan)).map((row) => row["n"])).toEqual([0, 1, 2, 0, 1]);
  });
});

describe("zip", () => {
  test("cuts both sides to fit", async () => {
    const plan: PhysicalOperator = { kind: "zip", inputs: [scan(...numbered(10, 4)), scan(...numbered(10, 3))] };
    expect(await rowsOf(plan)).toEqual(Array.from({ length: 10 }, (_, n) => ({ n, n_1: n })));
  });

  test("refuses unequal lengths", async () => {
    const plan: PhysicalOperator = { kind: "zip", inputs: [scan(...numbered(10, 4)), scan(...numbered(9, 3))] };
    expect(await thrown(rowsOf(plan))).toMatchObject({ code: "unequal-rows", details: { rows: 9 } });
  });
});

describe("select", () => {
  const project = (input: PhysicalOperator, columns: [string, string][], rest: boolean, drop: string[] = []): PhysicalOperator => ({ kind: "project", input, columns, rest, drop });
  const block = blockFromRows([{ a: 1, b: 2, c: 3 }]);

  test("chooses, renames and drops", async () => {
    expect((await blocksOf(project(scan(block), [["c", "c"], ["a", "x"]], false))).map((each) => Object.keys(each.columns))).toEqual([["c", "x"]]);
    expect((await blocksOf(project(scan(block), [["a", "x"]], true, ["b"]))).map((each) => Object.keys(each.columns))).toEqual([["x", "c"]]);
  });

  test("names what is missing, and what there is", async () => {
    expect((await thrown(rowsOf(project(scan(block), [["z", "z"]], false)))).message).toContain(`There is no column "z"; the columns are "a", "b", "c"`);
  });
});

describe("batch functions", () => {
  const batches = (input: PhysicalOperator, run: (batch: never) => unknown, more: Partial<Extract<PhysicalOperator, { kind: "batch-function" }>> = {}): PhysicalOperator =>
    ({ kind: "batch-function", input, step: { name: "g", run: run as never }, batchSize: 4, batchFormat: "columns", ...more });

  test("get exact batches, and may give a promise or a generator", async () => {
    const seen: number[] = [];
    const doubled = (batch: { n: Float64Array }): { n: Float64Array } => {
      seen.push(batch.n.length);
      return { n: batch.n.map((n) => 2 * n) };
    };
    const recut: PhysicalOperator = { kind: "recut", input: scan(...numbered(10, 3)), multipleOf: 4, firstRows: 4, maxRows: 8 };
    const wanted = Array.from({ length: 10 }, (_, n) => 2 * n);
    expect((await rowsOf(batches(recut, doubled))).map((row) => row["n"])).toEqual(wanted);
    expect(seen).toEqual([4, 4, 2]);
    expect((await rowsOf(batches(recut, async (batch) => doubled(batch)))).map((row) => row["n"])).toEqual(wanted);
    expect((await rowsOf(batches(recut, function* (batch) {
      yield doubled(batch);
      yield doubled(batch);
    }))).length).toBe(20);
    expect(await rowsOf(batches(recut, (rows: Row[]) => rows.filter((row) => row["n"] === 5), { batchFormat: "rows" }))).toEqual([{ n: 5 }]);
  });

  test("fail as a batch", async () => {
    const failing = (batch: { n: Float64Array }): unknown => {
      if (batch.n.includes(5)) throw new Error("five");
      return batch;
    };
    expect((await thrown(rowsOf(batches(scan(...numbered(12, 12)), failing)))).message).toMatch(/mapBatches\(g\) failed at memory, rows 5 to 8 \(4 rows that failed as one batch, the first of them \{"n":4\}\): five/);
    expect((await thrown(rowsOf(batches(scan(...numbered(12, 12)), failing, { batchSize: 1 })))).message).toMatch(/mapBatches\(g\) failed at memory, row 6, \{"n":5\}: five/);
    expect((await rowsOf(batches(scan(...numbered(12, 12)), failing, { onError: "skip" }))).map((row) => row["n"])).toEqual([0, 1, 2, 3, 8, 9, 10, 11]);
  });
});

describe("an input without rows", () => {
  test("still has its columns", async () => {
    const empty: Datasource = { ...source([]), schema: async () => ({ fields: [{ name: "n", type: { kind: "int64" }, nullable: false }] }) };
    const [block] = await blocksOf(functions({ kind: "scan", source: empty }, filter(() => true), withColumn("m", () => 1)));
    expect(block).toMatchObject({ rows: 0, columns: { n: { length: 0 }, m: { length: 0 } } });
  });
});

describe("a run", () => {
  test("that fails, and can't remove what it wrote, says both", async () => {
    const failing = (text: string) => () => Promise.reject(new Error(text));
    const sink: Datasink = { name: "own", open: async () => ({ write: async () => {}, writeDeadLetters: async () => {}, publish: failing("boom"), discard: failing("held") }) };
    const error = await thrown(runToSink(scan(...numbered(2, 2)), sink, { host: noActors, resources: { cpus: 1, gpus: 0, memory: 2 ** 30 } }));
    expect([error.code, error.message]).toEqual(["discard-failed", expect.stringMatching(/The run failed: boom\. What it had written could not be removed either: held/) as string]);
  });

  test("is consumed once", async () => {
    const run = execute(scan(...numbered(2, 2)), { host: noActors, resources: { cpus: 1, gpus: 0, memory: 1 } });
    for await (const block of run) expect(block.rows).toBe(2);
    expect(() => run[Symbol.asyncIterator]()).toThrow("consumed before");
    expect(run.stats()).toMatchObject({ rowsOut: 2, stages: [{ name: "read memory", rowsOut: 2 }] });
  });

  test("ends by its signal while the source is silent", async () => {
    const controller = new AbortController();
    const silent: Datasource = { ...source([]), read: () => never };
    const rows = rowsOf({ kind: "scan", source: silent }, { signal: controller.signal });
    controller.abort(new Error("Ctrl-C"));
    expect((await thrown(rows)).message).toBe("Ctrl-C");
  });

  test("ends by return() while next() is pending", async () => {
    const silent: Datasource = { ...source([]), read: () => never };
    const blocks = execute(functions({ kind: "scan", source: silent }, map((row) => row)), { host: noActors, resources: { cpus: 1, gpus: 0, memory: 1 } })[Symbol.asyncIterator]();
    const pending = blocks.next();
    await blocks.return?.();
    expect(await pending).toEqual({ done: true, value: undefined });
  });
});

describe("a source that throws", () => {
  const flaky = (change: Partial<Datasource>): Scan => ({ kind: "scan", source: { ...source([]), name: "orders", ...change } });
  const partitions = async function* () {
    yield { id: "2026-11", version: "1" };
  };

  test("is named, with its partition and how far it came; what it threw is the cause", async () => {
    const cause = new Error("503");
    const failing = flaky({ partitions, async *read() {
      yield* numbered(3, 2);
      throw cause;
    } });
    const error = await thrown(rowsOf(failing));
    expect(error).toMatchObject({ code: "source-failed", cause, details: { source: "orders", partition: "2026-11", row: 3 } });
    expect(error.message).toMatch(/^The source orders failed, in partition 2026-11, after row 2: 503\n {2}→ A source is not asked again/);
  });

  test("keeps a code that it gave, and a ShoalError is left as it is", async () => {
    const refused = await thrown(rowsOf(flaky({ partitions: () => { throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" }); } })));
    expect(refused).toMatchObject({ code: "ECONNREFUSED", message: expect.stringContaining("orders failed, while it named its partitions: refused") as string });
    const own = new ShoalError("bad-file", "It is torn.");
    expect(await thrown(rowsOf(flaky({ partitions, read: () => { throw own; } })))).toBe(own);
  });
});
