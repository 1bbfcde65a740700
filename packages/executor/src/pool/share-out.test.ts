import { columnFromValues, columnValue, createBlock, type Column } from "@shoal/core";
import { expect, test } from "vitest";
import type { Offer } from "./retry.ts";
import { shareOut } from "./share-out.ts";

function offer(rows: number, change: Partial<Offer> = {}): Offer {
  const block = createBlock({ n: columnFromValues(Array.from({ length: rows }, (_, row) => row), { kind: "int32" }) });
  return { block, first: 0, losses: 0, alone: false, task: { block, parts: [], open: 1, resolve: () => {}, reject: () => {} }, ...change };
}

const sizes = (offers: readonly Offer[]): number[] => offers.map(({ block }) => block.rows);

test("the last block is cut so that every actor gets a share", () => {
  const pieces = shareOut([offer(1000)], 2);
  expect(sizes(pieces)).toEqual([250, 250, 250, 250]);
  expect(pieces.map(({ first }) => first)).toEqual([0, 250, 500, 750]);
  expect(pieces.flatMap(({ block }) => Array.from({ length: block.rows }, (_, row) => columnValue(block.columns["n"] as Column, row)))).toEqual(Array.from({ length: 1000 }, (_, row) => row));
});

test("a queue that is long enough stays as it is, and so do pieces too small to cut", () => {
  const queue = [offer(100), offer(100), offer(100), offer(100)];
  expect(shareOut(queue, 2)).toBe(queue);
  expect(sizes(shareOut([offer(40)], 4))).toEqual([32, 8]);
  expect(sizes(shareOut([offer(32)], 4))).toEqual([32]);
  expect(shareOut([], 3)).toEqual([]);
});

test("what has ended actors keeps its rows together, to be told apart from others", () => {
  expect(sizes(shareOut([offer(500, { losses: 1 }), offer(400)], 2))).toEqual([500, 200, 200]);
});

test("a piece is not cut again as the queue grows shorter", () => {
  const pieces = shareOut([offer(1000)], 2).slice(2);
  expect(sizes(shareOut(pieces, 2))).toEqual([250, 250]);
});
