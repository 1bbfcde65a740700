import { columnFromValues, columnValue, createBlock, type Column } from "@shoal/core";
import { expect, test } from "vitest";
import type { Offer } from "./retry.ts";
import { shareOut } from "./share-out.ts";

function offer(rows: number, change: Partial<Offer> = {}): Offer {
  const block = createBlock({ n: columnFromValues(Array.from({ length: rows }, (_, row) => row), { kind: "int32" }) });
  return { block, first: 0, losses: 0, alone: false, task: { block, parts: [], open: 1, resolve: () => {}, reject: () => {} }, ...change };
}

const sizes = (offers: readonly Offer[]): number[] => offers.map(({ block }) => block.rows);

test("the last block is cut into ever smaller pieces, so that all actors finish with a small one", () => {
  const pieces = shareOut([offer(1000)], 2);
  expect(sizes(pieces)).toEqual([250, 188, 141, 106, 79, 59, 45, 33, 32, 32, 35]);
  expect(pieces.map(({ first }) => first)).toEqual(sizes(pieces).map((_, at, all) => all.slice(0, at).reduce((sum, rows) => sum + rows, 0)));
  expect(pieces.flatMap(({ block }) => Array.from({ length: block.rows }, (_, row) => columnValue(block.columns["n"] as Column, row)))).toEqual(Array.from({ length: 1000 }, (_, row) => row));
});

test("of a longer queue the last blocks are cut; pieces too small stay as they are, and so does all that one actor has to itself", () => {
  expect(sizes(shareOut([offer(100), offer(100), offer(100), offer(100)], 2))).toEqual([100, 100, 50, 50, 32, 32, 36]);
  const queue = [offer(100), offer(40)];
  expect(shareOut(queue, 1)).toBe(queue);
  expect(sizes(shareOut([offer(40)], 4))).toEqual([40]);
  expect(sizes(shareOut([offer(32)], 4))).toEqual([32]);
  expect(shareOut([], 3)).toEqual([]);
});

test("what has ended actors keeps its rows together, to be told apart from others", () => {
  expect(sizes(shareOut([offer(500, { losses: 1 }), offer(400)], 2))).toEqual([500, 100, 75, 57, 42, 32, 32, 62]);
});

test("a piece is not cut again as the queue grows shorter", () => {
  const pieces = shareOut([offer(1000)], 2).slice(2);
  expect(shareOut(pieces, 2)).toBe(pieces);
});
