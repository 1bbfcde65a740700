import {
  blockFromRows, columnFromValues, columnValues,
  type ActorProgress, type ActorRequest, type BatchPolicy, type Block, type Column, type Predictor,
} from "@shoal/core";
import { describe, expect, test } from "vitest";
import { startActorWith } from "./start-actor.ts";

const numbers = (block: Block, name = "n"): number[] => columnValues(block.columns[name] as Column) as number[];
const block = (from: number, rows: number): Block => blockFromRows(Array.from({ length: rows }, (_, at) => ({ n: from + at })), undefined, [{ partition: "p", version: "1", firstRow: from, rows }]);
const doubled = (batch: Block): Block => ({ rows: batch.rows, columns: { doubled: columnFromValues(numbers(batch).map((n) => 2 * n)) }, lineage: [] });
const never = new AbortController().signal;

/** Works on one batch after the other, however many were called; each takes as many milliseconds as it has rows, and `feedMs` to make. */
function device(change: { readonly bad?: (n: number) => boolean; readonly mostRows?: number; readonly feedMs?: number } = {}) {
  const { bad = () => false, mostRows = Infinity, feedMs = 0 } = change;
  const seen = { now: 0, called: 0, mostCalled: 0, freeAt: 0, idleMs: 0, batches: [] as number[][] };
  let turn: Promise<void> = Promise.resolve();
  const predict = (batch: Block): Promise<Block> => {
    seen.now += feedMs;
    const calledAt = seen.now;
    seen.mostCalled = Math.max(seen.mostCalled, ++seen.called);
    const answer = turn.then(async () => {
      for (let turns = 0; turns < 5; turns++) await Promise.resolve();
      seen.idleMs += Math.max(0, calledAt - seen.freeAt);
      seen.freeAt = seen.now = Math.max(calledAt, seen.freeAt) + batch.rows;
      seen.batches.push(numbers(batch));
      seen.called--;
      if (batch.rows > mostRows) throw new Error("bad_alloc: out of memory");
      if (numbers(batch).some(bad)) throw new TypeError("can't do it");
      return doubled(batch);
    });
    turn = answer.then(() => {}, () => {});
    return answer;
  };
  return { seen, predict };
}

function start(predictor: Partial<Predictor> & Pick<Predictor, "predict">, clock: () => number, change: Partial<BatchPolicy> = {}, kind: "declarative" | "module" = "declarative") {
  const spec = { name: "double", reads: ["n"], adds: ["doubled"], phases: ["predict"] as const };
  const request: ActorRequest = {
    spec: kind === "declarative"
      ? { ...spec, kind, backend: "none", task: "none", model: "none", options: {} }
      : { ...spec, kind, module: "file:///own.ts", export: "own", args: null, batchFormat: "columns", rows: "same", stateful: false },
    policy: { batchSize: 4, maxBatchRows: 1024, collapse: false, bisect: true, ...change }, device: "cpu", deviceIndex: 0, threads: 1,
  };
  const progress: ActorProgress[] = [];
  const runtime = startActorWith({ now: clock })({ rows: "same", stateful: false, overlaps: true, ...predictor }, request, (each) => progress.push(each), new Map());
  return { runtime, progress };
}

describe("batches of a predictor that overlaps", () => {
  test("are made while the device works, and across blocks", async () => {
    const { seen, predict } = device({ feedMs: 1 });
    const { runtime } = start({ predict }, () => seen.now);
    const results = await Promise.all([runtime.process(block(0, 12), never), runtime.process(block(12, 10), never)]);
    expect(results.flatMap((result) => numbers(result.block, "doubled"))).toEqual(Array.from({ length: 22 }, (_, n) => 2 * n));
    expect(seen.batches).toEqual([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11], [12, 13, 14, 15], [16, 17, 18, 19], [20, 21]]);
    // Only the very first was waited for.
    expect(seen.idleMs).toBe(1);
  });

  test("take what the device took, not what they waited for it", async () => {
    const { seen, predict } = device();
    const { runtime } = start({ predict }, () => seen.now);
    const results = await Promise.all([runtime.process(block(0, 12), never), runtime.process(block(12, 10), never)]);
    expect(results.flatMap((result) => result.batches.map((batch) => batch.ms))).toEqual([4, 4, 4, 4, 4, 2]);
    expect(results.map((result) => result.predictMs)).toEqual([12, 10]);
  });

  test("report the rows of the oldest, once a batch", async () => {
    const { seen, predict } = device();
    const { runtime, progress } = start({ predict }, () => seen.now);
    await runtime.process(block(0, 10), never);
    expect(progress.flatMap(({ phase, rows }) => (rows === undefined ? [] : [[phase, ...rows]]))).toEqual([["predict", 0, 3], ["predict", 4, 7], ["predict", 8, 9]]);
    const ticks = progress.map((each) => each.ticks);
    expect(ticks).toEqual(ticks.toSorted((a, b) => a - b));
    expect(progress.at(-1)?.phase).toBe("idle");
  });

  test("answer for every row once, whichever are bad and however little fits", async () => {
    for (let seed = 1; seed <= 150; seed++) {
      const [size, rows, mostRows] = [1 + (seed % 7), 1 + ((seed * 13) % 60), seed % 3 === 0 ? 1 + (seed % 5) : Infinity];
      const bad = (n: number): boolean => (n * 7919 + seed * 104729) % 11 === 0;
      const { seen, predict } = device({ bad, mostRows, feedMs: seed % 2 });
      const cost = seed % 4 === 0 ? { cost: (given: Block) => numbers(given).map((n) => 1 + (n % 5)) } : {};
      const { runtime } = start({ predict, ...cost }, () => seen.now, seed % 2 === 0 ? { batchSize: size } : { batchSize: "auto", ...(seed % 4 === 0 ? { maxBatchCost: 9 } : {}) });
      const blocks = [block(0, rows), block(rows, rows)];
      const results = await Promise.all(blocks.map((given) => runtime.process(given, never)));
      results.forEach((result, at) => {
        const all = numbers(blocks[at] as Block);
        expect(result.failures.map(({ row }) => all[row])).toEqual(all.filter(bad));
        expect(result.block.rows === 0 ? [] : numbers(result.block, "doubled")).toEqual(all.filter((n) => !bad(n)).map((n) => 2 * n));
        expect(result.block.lineage).toEqual(blocks[at]?.lineage);
      });
      expect(seen.mostCalled).toBeLessThanOrEqual(3);
      expect(seen.called).toBe(0);
    }
  });

  test("end between two with an abort, and with the loss of the device; no rejection is left over", async () => {
    const controller = new AbortController();
    const { seen, predict } = device();
    const aborting = start({
      predict: async (batch) => {
        const result = await predict(batch);
        controller.abort(new Error("enough"));
        return result;
      },
    }, () => seen.now);
    await expect(aborting.runtime.process(block(0, 40), controller.signal)).rejects.toThrow("enough");
    expect(seen.batches.length).toBeLessThanOrEqual(3);
    const lost = start({ predict: () => Promise.reject(new Error("GPUDevice was destroyed: device was lost")) }, () => 0);
    await expect(lost.runtime.process(block(0, 40), never)).rejects.toThrow("lost");
    await expect(lost.runtime.process(block(0, 4), never)).rejects.toThrow("lost");
    await new Promise((resolve) => setTimeout(resolve));
  });

  test.each([["stateful", { stateful: true }, "declarative"], ["of one's own", {}, "module"], ["silent about it", { overlaps: false }, "declarative"]] as const)("are called one by one where the predictor is %s", async (_what, change, kind) => {
    const { seen, predict } = device();
    const { runtime } = start({ predict, ...change }, () => seen.now, {}, kind);
    await Promise.all([runtime.process(block(0, 12), never), runtime.process(block(12, 10), never)]);
    expect(seen.mostCalled).toBe(1);
  });
});
