import { blockFromRows, blockRows } from "@shoal/core";
import { decodeBlock } from "@shoal/core/arrow";
import { describe, expect, test } from "vitest";
import { cutToTravel } from "./block-pieces.ts";

const rows = (count: number, length = 100) => Array.from({ length: count }, (_, id) => ({ id, text: `${id} `.padEnd(length, "x") }));
const lineage = [{ partition: "/home/anna/secret.jsonl", version: "1", firstRow: 0, rows: 100 }];

describe("a block that travels", () => {
  test("goes whole where it fits, and without a word on where it comes from", () => {
    const block = blockFromRows(rows(100), undefined, lineage);
    const { pieces, large } = cutToTravel("score", block, true);
    expect(large).toEqual([]);
    expect(pieces).toMatchObject([{ first: 0 }]);
    const [piece] = pieces;
    expect([...blockRows(decodeBlock(piece?.payload as Uint8Array))]).toEqual(rows(100));
    expect(new TextDecoder("latin1").decode(piece?.payload)).not.toContain("secret");
  });

  test("is cut into equal parts where it has many rows, for which several workers may be there, and not where they belong together", () => {
    const cut = (count: number, divisible: boolean) => cutToTravel("score", blockFromRows(rows(count, 10)), divisible).pieces.map(({ first, block }) => [first, block.rows]);
    expect(cut(256, true)).toEqual([[0, 256]]);
    expect(cut(1000, true)).toEqual([[0, 250], [250, 250], [500, 250], [750, 250]]);
    expect(cut(1000, false)).toEqual([[0, 1000]]);
  });

  test("is cut where it does not, into parts that fit and make it up, the same each time", () => {
    const block = blockFromRows(rows(1000));
    const cut = () => cutToTravel("score", block, true, 20_000).pieces;
    const pieces = cut();
    expect(pieces.length).toBeGreaterThan(4);
    expect(pieces.every(({ payload }) => payload.byteLength <= 20_000)).toBe(true);
    expect(pieces.flatMap(({ payload }) => [...blockRows(decodeBlock(payload))])).toEqual(rows(1000));
    expect(pieces.map(({ first }) => first)).toEqual(pieces.map((_, at) => pieces.slice(0, at).reduce((sum, each) => sum + each.block.rows, 0)));
    expect(cut().map(({ first, payload }) => [first, payload.byteLength])).toEqual(pieces.map(({ first, payload }) => [first, payload.byteLength]));
  });

  test("leaves out a row that is too large alone, as one that failed", () => {
    const block = blockFromRows(rows(10).map((row) => (row.id === 6 ? { ...row, text: "x".repeat(50_000) } : row)));
    const { pieces, large } = cutToTravel("score", block, true, 20_000);
    expect(pieces.reduce((sum, piece) => sum + piece.block.rows, 0)).toBe(9);
    expect(large).toMatchObject([{ row: 6, error: { code: "block-too-large", failure: "row", details: { rows: 1, mostBytes: 20_000 } } }]);
  });

  test("is refused where its rows belong together, saying how large it is and what to do", () => {
    expect(() => cutToTravel("score", blockFromRows(rows(1000)), false, 20_000)).toThrow(expect.objectContaining({
      code: "block-too-large", message: expect.stringMatching(/^A block for score has 1,000 rows in 1\d\d KiB; blocks of at most 19\.5 KiB go to other machines\.\n {2}→ .*repartition.*batchSize/) as string,
    }) as Error);
  });
});
