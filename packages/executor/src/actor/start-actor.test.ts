import {
  blockFromRows, blockRows, columnFromValues, columnValues, ShoalError, sliceBlock,
  type ActorProgress, type ActorRequest, type BatchPolicy, type Block, type Column, type Predictor, type PredictorSpec,
} from "@shoal/core";
import { describe, expect, test } from "vitest";
import { startActor } from "./start-actor.ts";

const policy: BatchPolicy = { batchSize: 4, maxBatchRows: 1024, collapse: false, bisect: true };

const declarative: PredictorSpec = { kind: "declarative", name: "double", backend: "none", task: "none", model: "none", options: {}, reads: ["n"], adds: ["doubled"], phases: ["predict"] };
const own: PredictorSpec = { kind: "module", name: "own", module: "file:///own.ts", export: "own", args: null, batchFormat: "columns", rows: "same", stateful: false, phases: ["predict"] };

function start(predictor: Partial<Predictor>, change: Partial<BatchPolicy> = {}, spec: PredictorSpec = declarative) {
  const batches: number[][] = [];
  const progress: ActorProgress[] = [];
  const counts = new Map<string, number>();
  const request: ActorRequest = {
    spec, policy: { ...policy, ...change }, device: "cpu", deviceIndex: 0, threads: 1,
  };
  const full: Predictor = { rows: "same", stateful: false, predict: async (batch) => doubled(batch), ...predictor };
  const counted: Predictor = {
    ...full,
    predict: (batch, signal) => {
      batches.push(numbers(batch));
      return full.predict(batch, signal);
    },
  };
  return { runtime: startActor(counted, request, (each) => progress.push(each), counts), batches, progress, counts };
}

const numbers = (block: Block, name = "n"): number[] => columnValues(block.columns[name] as Column) as number[];
const block = (...values: number[]): Block => blockFromRows(values.map((n) => ({ n })), undefined, [{ partition: "p", version: "1", firstRow: 0, rows: values.length }]);
const doubled = (batch: Block): Block => ({ rows: batch.rows, columns: { doubled: columnFromValues(numbers(batch).map((n) => 2 * n)) }, lineage: [] });
const refusing = (bad: (n: number) => boolean) => async (batch: Block): Promise<Block> => {
  const guilty = numbers(batch).find(bad);
  if (guilty !== undefined) throw new TypeError(`can't do ${guilty}`);
  return doubled(batch);
};
const never = new AbortController().signal;
const count = (length: number): number[] => Array.from({ length }, (_, at) => at);

describe("rows that a predictor changes in place before it fails", () => {
  const columns = (): Block => ({
    rows: 4, lineage: [],
    columns: {
      n: columnFromValues([0, 1, 2, 3]),
      tensor: columnFromValues([0, 1, 2, 3].map((n) => Float32Array.of(n, n))),
      text: columnFromValues(["0", "1", "2", "3"]),
      bytes: columnFromValues([0, 1, 2, 3].map((n) => Uint8Array.of(n))),
      nested: columnFromValues([0, 1, 2, 3].map((n) => ({ deep: [n] })), { kind: "json" }),
    },
  });
  /** Adds to all that it can lay hands on, and then can't do 2. */
  const meddling = async (batch: Block): Promise<Block> => {
    const { n, tensor, text, bytes, nested } = batch.columns as unknown as { n: { values: Float64Array }; tensor: { values: Float32Array }; text: { values: string[] }; bytes: { values: Uint8Array[] }; nested: { values: { deep: number[] }[] } };
    const bad = n.values.includes(2);
    n.values.forEach((value, at) => (n.values[at] = value + 100));
    tensor.values.forEach((value, at) => (tensor.values[at] = value + 100));
    text.values.forEach((value, at) => (text.values[at] = `${value}!`));
    for (const each of bytes.values) each[0] = (each[0] as number) + 100;
    for (const { deep } of nested.values) deep[0] = (deep[0] as number) + 100;
    if (bad) throw new TypeError("can't do 2");
    return batch;
  };
  const once = [
    [100, Float32Array.of(100, 100), "0!", Uint8Array.of(100), { deep: [100] }],
    [101, Float32Array.of(101, 101), "1!", Uint8Array.of(101), { deep: [101] }],
    [103, Float32Array.of(103, 103), "3!", Uint8Array.of(103), { deep: [103] }],
  ];
  const rowsOf = (result: Block): unknown[] => [...blockRows(result)].map((row) => [row["n"], row["tensor"], row["text"], row["bytes"], row["nested"]]);

  test("are predicted again as they were", async () => {
    const result = await start({ predict: meddling }, {}, own).runtime.process(columns(), never);
    expect(rowsOf(result.block)).toEqual(once);
    expect(result.failures).toMatchObject([{ row: 2 }]);
  });

  test.each(["preprocess", "postprocess"] as const)("are given to %s again as they were", async (phase) => {
    const result = await start({ predict: async (batch) => batch, [phase]: meddling }, {}, own).runtime.process(columns(), never);
    expect(rowsOf(result.block)).toEqual(once);
    expect(result.failures).toMatchObject([{ row: 2 }]);
  });

  test("are not copied for a backend, which doesn't change them", async () => {
    const given = columns();
    const seen: unknown[] = [];
    await start({ predict: async (batch) => (seen.push(batch.columns["tensor"]?.values), doubled(batch)) }, {}).runtime.process(given, never);
    expect(seen).toEqual([given.columns["tensor"]?.values]);
    expect((seen[0] as Float32Array).buffer).toBe((given.columns as unknown as { tensor: { values: Float32Array } }).tensor.values.buffer);
  });
});

describe("batches", () => {
  test("are exact, but for the last", async () => {
    const { runtime, batches } = start({});
    const result = await runtime.process(block(...count(10)), never);
    expect(batches).toEqual([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]);
    expect(numbers(result.block, "doubled")).toEqual(count(10).map((n) => 2 * n));
    expect(result.block.lineage).toEqual([{ partition: "p", version: "1", firstRow: 0, rows: 10 }]);
    expect(result.batches.map((batch) => batch.rows)).toEqual([4, 4, 2]);
  });

  test("are packed by cost, dearest first, and the order is restored", async () => {
    const { runtime, batches } = start({ cost: (rows) => numbers(rows) }, { batchSize: "auto", maxBatchCost: 20 });
    const result = await runtime.process(block(1, 9, 2, 10, 2, 1), never);
    expect(batches).toEqual([[10], [9], [2, 2], [1, 1]]);
    expect(numbers(result.block, "doubled")).toEqual([2, 18, 4, 20, 4, 2]);
  });

  test.each([["NaN", NaN], ["less than nothing", -1], ["no number", "7"], ["nothing", undefined], ["a promise", Promise.resolve(1)]])("leave out, and name, a row that costs %s", async (_what, wrong) => {
    const { runtime } = start({ cost: (rows) => numbers(rows).map((n) => (n === 9 ? wrong : n)) as never }, { batchSize: "auto", maxBatchCost: 20 });
    const result = await runtime.process(block(1, 9, 2), never);
    expect(numbers(result.block, "doubled")).toEqual([2, 4]);
    expect(result.failures).toMatchObject([{ row: 1, error: { code: "wrong-cost", failure: "row" } }]);
  });

  test("a cost that can't be told fails its block's rows, and costs without end have a batch each", async () => {
    const broken = start({ cost: () => { throw new TypeError("boom"); } }, { batchSize: "auto", maxBatchCost: 20 });
    expect((await broken.runtime.process(block(1, 2), never)).failures).toMatchObject([{ row: 0, error: { message: "boom" } }, { row: 1 }]);
    const dear = start({ cost: (rows) => numbers(rows).map(() => Infinity) }, { batchSize: "auto", maxBatchCost: 20 });
    await dear.runtime.process(block(1, 2), never);
    expect(dear.batches).toEqual([[1], [2]]);
  });

  test("keep an exact size beside a cost, but are sorted", async () => {
    const { runtime, batches } = start({ cost: (rows) => numbers(rows) }, { batchSize: 2, maxBatchCost: "auto" });
    await runtime.process(block(1, 9, 2, 10), never);
    expect(batches).toEqual([[10, 9], [2, 1]]);
  });

  test("of a stateful predictor come as the rows came", async () => {
    const { runtime, batches } = start({ stateful: true, cost: (rows) => numbers(rows) }, { batchSize: 2, maxBatchCost: 5 });
    await runtime.process(block(1, 9, 2, 10), never);
    expect(batches).toEqual([[1, 9], [2, 10]]);
  });

  test("of identical rows are predicted once", async () => {
    const { runtime, batches } = start({ predict: refusing((n) => n === 7) }, { collapse: true });
    const result = await runtime.process(block(5, 7, 5, 5, 7, 6), never);
    expect(batches[0]).toEqual([5, 7, 6]);
    expect(numbers(result.block, "doubled")).toEqual([10, 10, 10, 12]);
    expect(result.failures.map((failure) => failure.row)).toEqual([1, 4]);
    expect(result.collapsedRows).toBe(3);
  });

  test("may be answered by a generator", async () => {
    const { runtime } = start({
      async *predict(batch) {
        const all = doubled(batch);
        for (const row of blockRows(all)) yield blockFromRows([row]);
      },
    });
    expect(numbers((await runtime.process(block(1, 2, 3), never)).block, "doubled")).toEqual([2, 4, 6]);
  });
});

describe("failures", () => {
  test("are bisected to the guilty rows", async () => {
    const { runtime, batches } = start({ predict: refusing((n) => n === 2 || n === 9) }, { batchSize: 8 });
    const result = await runtime.process(block(...count(12)), never);
    expect(result.failures.map(({ row, attempts, error }) => [row, attempts, error.message])).toEqual([[2, 4, "can't do 2"], [9, 3, "can't do 9"]]);
    expect(numbers(result.block, "doubled")).toEqual(count(12).filter((n) => n !== 2 && n !== 9).map((n) => 2 * n));
    expect(batches[0]).toHaveLength(8);
    expect(result.batches.filter((batch) => !batch.part).map((batch) => batch.failed)).toEqual([true, true]);
  });

  test("are the whole batch's where it may not be bisected", async () => {
    const { runtime, batches } = start({ predict: refusing((n) => n === 2) }, { bisect: false });
    const result = await runtime.process(block(...count(6)), never);
    expect(result.failures.map((failure) => failure.row)).toEqual([0, 1, 2, 3]);
    expect(new Set(result.failures.map((failure) => failure.error)).size).toBe(1);
    expect(batches).toHaveLength(2);
  });

  test("of memory halve the batch, and the size is remembered", async () => {
    const { runtime, batches } = start({
      predict: async (batch) => {
        if (batch.rows > 5) throw new Error("bad_alloc: out of memory");
        return doubled(batch);
      },
    }, { batchSize: 16 });
    const result = await runtime.process(block(...count(32)), never);
    expect(result.failures).toEqual([]);
    expect(numbers(result.block, "doubled")).toEqual(count(32).map((n) => 2 * n));
    expect(batches.map((batch) => batch.length)).toEqual([16, 8, 4, 4, 8, 4, 4, 4, 4, 4, 4]);
    await runtime.process(block(...count(8)), never);
    expect(batches.slice(-2).map((batch) => batch.length)).toEqual([4, 4]);
  });

  test("of preprocess are bisected too, and the other rows go on", async () => {
    const { runtime } = start({
      preprocess: async (rows) => {
        if (numbers(rows).includes(3)) throw new Error("no picture");
        return rows;
      },
    });
    const result = await runtime.process(block(...count(6)), never);
    expect(result.failures.map((failure) => failure.row)).toEqual([3]);
    expect(numbers(result.block, "doubled")).toEqual([0, 2, 4, 8, 10]);
  });

  test("of postprocess name the row within the block", async () => {
    const { runtime } = start({
      cost: (rows) => numbers(rows),
      predict: refusing((n) => n === 0),
      postprocess: async (rows) => {
        if (numbers(rows, "doubled").includes(8)) throw new Error("no text");
        return rows;
      },
    });
    const result = await runtime.process(block(...count(6)), never);
    expect(result.failures.map((failure) => failure.row)).toEqual([0, 4]);
    expect(numbers(result.block, "doubled")).toEqual([2, 4, 6, 10]);
  });

  test("of the device are thrown: the rows may pass elsewhere", async () => {
    const { runtime } = start({ predict: () => Promise.reject(new Error("GPUDevice was destroyed: device was lost")) });
    await expect(runtime.process(block(1), never)).rejects.toThrow("lost");
    // The next block has its turn all the same.
    await expect(runtime.process(block(1), never)).rejects.toThrow("lost");
  });
});

describe("wrong results", () => {
  test("a row count that is not kept fails the batch, and no smaller one is tried until it seems right", async () => {
    const { runtime, batches } = start({ predict: async (batch) => doubled(sliceBlock(batch, 0, 1)) });
    const result = await runtime.process(block(...count(6)), never);
    expect(result.failures).toHaveLength(6);
    expect(result.failures[0]?.error).toMatchObject({ code: "wrong-row-count", failure: "bug", message: `Predictor "double" gave 1 rows for 4 (rows 0–3 of their block).` });
    expect(batches).toHaveLength(2);
  });

  test("nothing but NaN is an error, one NaN is a value", async () => {
    const answer = (values: readonly number[]) => async (batch: Block): Promise<Block> => ({ rows: batch.rows, columns: { doubled: columnFromValues(values.slice(0, batch.rows)) }, lineage: [] });
    const all = await start({ predict: answer([NaN, NaN, NaN]) }).runtime.process(block(1, 2, 3), never);
    expect(all.failures).toHaveLength(3);
    expect(all.failures[0]?.error).toMatchObject({ code: "not-a-number", message: `Predictor "double" gave nothing but NaN in column "doubled" (rows 0–2 of their block).` });
    expect((await start({ predict: answer([NaN, 1, NaN]) }).runtime.process(block(1, 2, 3), never)).failures).toEqual([]);
  });

  test("a promised column that is missing stops the run", async () => {
    const { runtime } = start({ predict: async (batch) => ({ ...batch, columns: { other: columnFromValues(numbers(batch)) } }) });
    const error = await runtime.process(block(1), never).catch((thrown: unknown) => thrown);
    expect(ShoalError.is(error, "missing-column")).toBe(true);
  });

  test("so does one without any value, unless the predictor is one's own; a single one passes", async () => {
    const answer = (...values: (number | null)[]) => async (batch: Block): Promise<Block> => ({ ...batch, columns: { doubled: columnFromValues(values) } });
    const hollow = { predict: answer(null, null), postprocess: async (given: Block) => given };
    await expect(start(hollow).runtime.process(block(1, 2), never)).rejects.toMatchObject({ code: "no-values", failure: "bug", message: expect.stringContaining(`Predictor "double" gave no value at all in column "doubled" (2 rows).`) as string, details: { column: "doubled" } });
    expect((await start({ predict: answer(null, 4) }).runtime.process(block(1, 2), never)).failures).toEqual([]);
    expect((await start(hollow, {}, own).runtime.process(block(1, 2), never)).failures).toEqual([]);
  });
});

describe("two open blocks", () => {
  test("overlap: the second is preprocessed while the first predicts, and predict is never entered twice", async () => {
    const steps: string[] = [];
    let predicting = 0;
    const gate = { open: (): void => {} };
    const opened = new Promise<void>((resolve) => (gate.open = resolve));
    const { runtime, progress } = start({
      preprocess: async (rows) => {
        steps.push(`preprocess ${numbers(rows)[0]}`);
        if (numbers(rows)[0] === 2) gate.open();
        return rows;
      },
      predict: async (batch) => {
        expect(++predicting).toBe(1);
        steps.push(`predict ${numbers(batch)[0]}`);
        await opened;
        predicting--;
        return doubled(batch);
      },
    });
    await Promise.all([runtime.process(block(1), never), runtime.process(block(2), never)]);
    expect(steps.indexOf("preprocess 2")).toBeLessThan(steps.indexOf("predict 2"));
    expect(steps.filter((step) => step.startsWith("predict"))).toEqual(["predict 1", "predict 2"]);
    const ticks = progress.map((each) => each.ticks);
    expect(ticks).toEqual(ticks.toSorted((a, b) => a - b));
    expect(progress.at(-1)?.phase).toBe("idle");
    expect(progress.find((each) => each.rows !== undefined)?.rows).toEqual([0, 0]);
  });

  test("an abort ends a block between batches", async () => {
    const controller = new AbortController();
    const { runtime, batches } = start({
      predict: async (batch) => {
        controller.abort(new Error("enough"));
        return doubled(batch);
      },
    });
    await expect(runtime.process(block(...count(12)), controller.signal)).rejects.toThrow("enough");
    expect(batches).toHaveLength(1);
  });
});

test("counts are told once", async () => {
  const { runtime, counts } = start({});
  counts.set("realTokens", 5);
  expect((await runtime.process(block(1), never)).counts).toEqual({ realTokens: 5 });
  expect((await runtime.process(block(1), never)).counts).toEqual({});
});
