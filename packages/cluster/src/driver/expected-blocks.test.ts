import type { Datasource } from "@shoal/core";
import type { ActorPoolStage, PhysicalOperator } from "@shoal/planner";
import { expect, test } from "vitest";
import { expectedBlocks } from "./expected-blocks.ts";

const { signal } = new AbortController();
const source = (rows: number | undefined): Datasource => ({ name: "test", resumable: true, prunesColumns: false, countRows: async () => rows, partitions: async function* () {}, read: async function* () {} }) as unknown as Datasource;
const scan = (rows: number | undefined, limit?: number): PhysicalOperator => ({ kind: "scan", source: source(rows), ...(limit !== undefined && { limit }) }) as unknown as PhysicalOperator;
const recut = (input: PhysicalOperator, [multipleOf, firstRows, maxRows]: readonly [number, number, number] = [16, 32, 1024]): PhysicalOperator => ({ kind: "recut", input, multipleOf, firstRows, maxRows });
const stage = (input: PhysicalOperator): ActorPoolStage => ({ kind: "actor-pool", input, spec: { kind: "declarative" } }) as unknown as ActorPoolStage;
const steps = (input: PhysicalOperator, kind: string): PhysicalOperator => ({ kind: "row-functions", input, steps: [{ kind }] }) as unknown as PhysicalOperator;

test("blocks are counted as they will be cut", async () => {
  // 32, 64, 128, 256, 512, then 1,024 each.
  expect(await expectedBlocks(stage(recut(scan(992))), signal)).toBe(5);
  expect(await expectedBlocks(stage(recut(scan(993))), signal)).toBe(6);
  expect(await expectedBlocks(stage(recut(scan(30_000))), signal)).toBe(5 + Math.ceil((30_000 - 992) / 1024));
  expect(await expectedBlocks(stage(recut(scan(100), [30, 30, 30])), signal)).toBe(4);
  expect(await expectedBlocks(stage(recut(scan(30_000, 40))), signal)).toBe(2);
  expect(await expectedBlocks(stage(recut(steps(scan(32), "map"))), signal)).toBe(1);
  expect(await expectedBlocks(stage(recut(stage(recut(scan(993))))), signal)).toBe(6);
  expect(await expectedBlocks(stage(recut(scan(0))), signal)).toBe(0);
});

test("what a source or a step leaves open stays open", async () => {
  for (const input of [recut(scan(undefined)), scan(10), recut(steps(scan(10), "flat-map")), recut(steps(scan(10), "filter"))]) expect(await expectedBlocks(stage(input), signal)).toBeUndefined();
  const failing = { ...scan(1), source: { countRows: () => Promise.reject(new Error("no such file")) } } as unknown as PhysicalOperator;
  expect(await expectedBlocks(stage(recut(failing)), signal)).toBeUndefined();
});
