import {
  blockFromRows, columnFromValues, columnValues,
  type ActorRequest, type BatchPolicy, type Block, type BlockResult, type Column, type Predictor, type PredictorSpec,
} from "@shoal/core";
import { describe, expect, test } from "vitest";
import { startActorWith } from "./start-actor.ts";

const numbers = (block: Block, name = "n"): number[] => columnValues(block.columns[name] as Column) as number[];
const block = (from: number, rows: number): Block => blockFromRows(Array.from({ length: rows }, (_, at) => ({ n: from + at })), undefined, [{ partition: "p", version: "1", firstRow: from, rows }]);
const tripled = (batch: Block): Block => ({ rows: batch.rows, columns: { ...batch.columns, tripled: columnFromValues(numbers(batch).map((n) => 3 * n)) }, lineage: [] });
const count = (length: number): number[] => Array.from({ length }, (_, at) => at);
const never = new AbortController().signal;

/** Tells in which order it was called, and with which rows; `clock` moves by what each call takes. */
function start(change: Partial<Predictor> = {}, policy: Partial<BatchPolicy> = {}, ms: { readonly call?: number; readonly row?: number } = {}) {
  const calls: (readonly [phase: "preprocess" | "predict", first: number, rows: number])[] = [];
  let now = 0;
  const spec: PredictorSpec = { kind: "module", name: "own", module: "file:///own.ts", export: "own", args: null, batchFormat: "columns", rows: change.rows ?? "same", stateful: change.stateful ?? false, phases: ["preprocess", "predict"] };
  const request: ActorRequest = { spec, policy: { batchSize: 4, maxBatchRows: 1024, collapse: false, bisect: true, ...policy }, device: "cpu", deviceIndex: 0, threads: 1 };
  const predictor: Predictor = {
    rows: "same", stateful: false,
    ...change,
    preprocess: async (rows, signal) => {
      calls.push(["preprocess", numbers(rows)[0] as number, rows.rows]);
      now += (ms.call ?? 0) + (ms.row ?? 1) * rows.rows;
      return change.preprocess === undefined ? tripled(rows) : change.preprocess(rows, signal);
    },
    predict: async (batch, signal) => {
      calls.push(["predict", numbers(batch)[0] as number, batch.rows]);
      return change.predict === undefined ? { rows: batch.rows, columns: { six: columnFromValues(numbers(batch, "tripled").map((n) => 2 * n)) }, lineage: [] } : (change.predict(batch, signal) as Promise<Block>);
    },
  };
  return { calls, runtime: startActorWith({ now: () => now })(predictor, request, () => {}, new Map()) };
}

const prepared = (calls: ReturnType<typeof start>["calls"]): number[] => calls.flatMap(([phase, , rows]) => (phase === "preprocess" ? [rows] : []));

describe("a block whose rows stand alone", () => {
  test("is prepared in pieces of whole batches: the first batch does not wait for the last rows", async () => {
    const { runtime, calls } = start({}, { batchSize: 8 });
    const result = await runtime.process(block(0, 30), never);
    expect(numbers(result.block, "six")).toEqual(count(30).map((n) => 6 * n));
    expect(result.batches.map(({ rows }) => rows)).toEqual([8, 8, 8, 6]);
    expect(prepared(calls)).toEqual([8, 8, 8, 6]);
    expect(calls.findIndex(([phase]) => phase === "predict")).toBeLessThan(calls.findLastIndex(([phase]) => phase === "preprocess"));
    expect(result.preprocessMs).toBe(30);
  });

  test("is ready before the one after it", async () => {
    const { runtime, calls } = start({ preprocess: async (rows) => (await new Promise((resolve) => setTimeout(resolve)), tripled(rows)) });
    await Promise.all([runtime.process(block(0, 24), never), runtime.process(block(24, 24), never)]);
    const firsts = calls.flatMap(([phase, first]) => (phase === "preprocess" ? [first] : []));
    expect(firsts).toEqual([0, 8, 16, 24, 40]);
  });

  test("has larger pieces where more rows at once are faster each, and small ones where they are not", async () => {
    const waiting = start({}, {}, { call: 100, row: 0 });
    await waiting.runtime.process(block(0, 256), never);
    expect(prepared(waiting.calls).slice(0, 10)).toEqual([8, 8, 8, 16, 16, 16, 32, 32, 32, 64]);
    const computing = start({}, {}, { row: 2 });
    await computing.runtime.process(block(0, 256), never);
    expect(new Set(prepared(computing.calls).slice(6))).toEqual(new Set([8]));
  });

  test.each([
    ["a predictor that may change their number", { rows: "any" }, {}],
    ["one with a state", { stateful: true }, {}],
    ["one that sorts them by cost", { cost: (rows: Block) => numbers(rows).map(() => 1) }, {}],
  ] as const)("is prepared whole for %s", async (_what, change, policy) => {
    const { runtime, calls } = start(change, policy);
    await runtime.process(block(0, 30), never);
    expect(prepared(calls)).toEqual([30]);
  });

  test("answers for every row once, whichever fail in which phase", async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const bad = (n: number, salt: number): boolean => (n * 7919 + seed * salt) % 13 === 0;
      const [badBefore, badLater] = [(n: number) => bad(n, 104729), (n: number) => bad(n, 1299709)];
      const refuse = (rows: Block, guilty: (n: number) => boolean): void => {
        if (numbers(rows).some(guilty)) throw new TypeError("can't do it");
      };
      const { runtime } = start({
        preprocess: async (rows) => (refuse(rows, badBefore), tripled(rows)),
        predict: async (batch) => (refuse(batch, badLater), { rows: batch.rows, columns: { six: columnFromValues(numbers(batch, "tripled").map((n) => 2 * n)) }, lineage: [] }),
      }, { batchSize: seed % 3 === 0 ? "auto" : 1 + (seed % 6) });
      const rows = (seed * 17) % 150;
      const results: BlockResult[] = await Promise.all([block(0, rows), block(rows, rows)].map((given) => runtime.process(given, never)));
      results.forEach((result, at) => {
        const all = count(rows).map((n) => n + at * rows);
        const fails = (n: number): boolean => badBefore(n) || badLater(n);
        expect(result.failures.map(({ row }) => all[row])).toEqual(all.filter(fails));
        expect(result.block.rows === 0 ? [] : numbers(result.block, "six")).toEqual(all.filter((n) => !fails(n)).map((n) => 6 * n));
      });
    }
  });

  test("is given up in the middle with an abort, and the next one is done", async () => {
    const controller = new AbortController();
    const { runtime } = start({
      predict: async (batch) => {
        if (numbers(batch)[0] === 8) controller.abort(new Error("enough"));
        return tripled(batch);
      },
    });
    const both = [runtime.process(block(0, 64), controller.signal), runtime.process(block(64, 8), never)] as const;
    await expect(both[0]).rejects.toThrow("enough");
    expect((await both[1]).block.rows).toBe(8);
  });
});
