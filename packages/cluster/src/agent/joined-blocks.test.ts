import { blockFromRows, blockRows, sliceBlock, takeRows, type Block, type BlockResult, type RowFailure } from "@shoal/core";
import { expect, test } from "vitest";
import { canJoin, joinBlocks, partResults, rowsDoneOf } from "./joined-blocks.ts";

/** Numbers from a seed, from 0 to below `most`. */
function dice(seed: number): (most: number) => number {
  let state = seed * 2_654_435_761 + 1;
  return (most) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

/** Doubles `id`; where it is in `bad` the row fails. */
function predict(block: Block, bad: ReadonlySet<number>): Pick<BlockResult, "block" | "failures"> {
  const ids = [...blockRows(block)].map((row) => row["id"] as number);
  const done = ids.flatMap((id, row) => (bad.has(id) ? [] : [row]));
  const failures = ids.flatMap((id, row): RowFailure[] => (bad.has(id) ? [{ row, error: { code: "bad", message: `row ${id}` }, attempts: 1 }] : []));
  return { block: blockFromRows(done.map((row) => ({ id: ids[row], doubled: 2 * (ids[row] as number) }))), failures };
}

function resultOf(block: Block, bad: ReadonlySet<number>, change: Partial<BlockResult> = {}): BlockResult {
  return { ...predict(block, bad), batches: [], preprocessMs: 0, predictMs: 0, postprocessMs: 0, counts: {}, batchRows: 0, collapsedRows: 0, ...change };
}

test("joined and parted again, blocks come to the same as each alone, whichever rows fail", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const roll = dice(seed);
    const sizes = Array.from({ length: 1 + roll(5) }, () => 1 + roll(9));
    const all = sizes.reduce((sum, size) => sum + size, 0);
    const whole = blockFromRows(Array.from({ length: all }, (_, id) => ({ id, text: id % 3 === 0 ? null : `row ${id}` })));
    const share = roll(4);
    const bad = new Set(Array.from({ length: all }, (_, id) => id).filter(() => roll(4) < share));
    let from = 0;
    const blocks = sizes.map((size) => sliceBlock(whole, from, (from += size)));
    const joined = joinBlocks(blocks);
    expect([...blockRows(joined)], `seed ${seed}`).toEqual([...blockRows(whole)]);
    const batches = Array.from({ length: roll(6) }, () => ({ rows: 1 + roll(all), ms: roll(50), failed: false }));
    const measured = { preprocessMs: roll(1000) / 7, predictMs: roll(1000) / 3, postprocessMs: roll(10), counts: { realTokens: roll(10_000), seconds: roll(100) / 9 }, collapsedRows: roll(all), batches, batchRows: roll(all), memoryBytes: 17 };
    const parts = partResults(resultOf(joined, bad, measured), sizes);
    for (const [index, part] of parts.entries()) {
      const alone = predict(blocks[index] as Block, bad);
      expect({ rows: [...blockRows(part.block)], failures: part.failures }, `seed ${seed}, block ${index}`).toEqual({ rows: [...blockRows(alone.block)], failures: alone.failures });
      expect(part).toMatchObject({ batchRows: measured.batchRows, memoryBytes: 17 });
      expect(part.collapsedRows).toBeLessThanOrEqual(sizes[index] as number);
    }
    const sum = (of: (part: BlockResult) => number): number => parts.reduce((total, part) => total + of(part), 0);
    for (const name of ["preprocessMs", "predictMs", "postprocessMs", "collapsedRows"] as const) expect(sum((part) => part[name])).toBeCloseTo(measured[name]);
    expect(sum(({ counts }) => counts["realTokens"] ?? NaN)).toBe(measured.counts.realTokens);
    expect(parts.every(({ counts }) => Number.isInteger(counts["realTokens"]))).toBe(true);
    expect(sum(({ counts }) => counts["seconds"] ?? NaN)).toBeCloseTo(measured.counts.seconds);
    expect(parts.flatMap((part) => part.batches)).toEqual(batches);
  }
});

test("a result that lacks rows is none", () => {
  const block = blockFromRows([{ id: 1 }, { id: 2 }, { id: 3 }]);
  const short = { ...resultOf(block, new Set()), block: takeRows(block, [0, 1]) };
  expect(() => partResults(short, [1, 2])).toThrow(expect.objectContaining({ code: "rows-not-conserved" }) as Error);
});

test("only blocks of the same columns are joined", () => {
  const block = blockFromRows([{ a: 1, b: "x" }]);
  expect(canJoin(block, blockFromRows([{ b: "y", a: 2 }]))).toBe(true);
  expect(canJoin(block, blockFromRows([{ a: 2, b: null }]))).toBe(false);
  expect(canJoin(block, blockFromRows([{ a: 2n, b: "y" }]))).toBe(false);
  expect(canJoin(block, blockFromRows([{ a: 2 }]))).toBe(false);
  expect(canJoin(blockFromRows([{ a: 2 }]), block)).toBe(false);
  const decimals = { ...block, columns: { a: { type: { kind: "arrow", name: "Decimal" }, length: 1, values: [] } } } as Block;
  expect(canJoin(decimals, decimals)).toBe(false);
});

test("rows that are done count for the first block first", () => {
  expect(rowsDoneOf(0, [3, 4, 5])).toEqual([0, 0, 0]);
  expect(rowsDoneOf(5, [3, 4, 5])).toEqual([3, 2, 0]);
  expect(rowsDoneOf(12, [3, 4, 5])).toEqual([3, 4, 5]);
});
