import { expect, test } from "vitest";
import { blockFromRows, type Datasource } from "@shoal/core";
import { plan, type LogicalOperator } from "@shoal/planner";
import { countRows } from "./count-rows.ts";

const { signal } = new AbortController();
const count = (operator: LogicalOperator, how: "exact" | "at most"): Promise<number | undefined> =>
  countRows(plan(operator, { preserveOrder: true, onError: "fail" }).physical, signal, how);

test("what a plan gives is what its sources give, in both ways of counting", async () => {
  const mapped: LogicalOperator = { kind: "map", input: read(10), step: { name: "same", run: (row) => row } };
  const both: LogicalOperator = { kind: "union", inputs: [mapped, read(5)] };
  for (const how of ["exact", "at most"] as const) {
    expect(await count(both, how)).toBe(15);
    expect(await count({ kind: "limit", input: both, rows: 12 }, how)).toBe(12);
    expect(await count({ kind: "union", inputs: [mapped, read(undefined)] }, how)).toBeUndefined();
  }
});

test("steps that drop rows leave only the most that there may be", async () => {
  const kept: LogicalOperator = { kind: "filter", input: read(10), step: { name: "odd", run: (row) => Number(row["id"]) % 2 === 1 } };
  expect(await count(kept, "at most")).toBe(10);
  expect(await count(kept, "exact")).toBeUndefined();
});

function read(rows: number | undefined): LogicalOperator {
  const source: Datasource = {
    name: `rows(${rows})`, prunesColumns: false, resumable: true, spec: { format: "items", options: {} },
    partitions: async function* () { yield { id: "all", version: "1" }; },
    read: async function* () { yield blockFromRows([{ id: 0 }]); },
    ...(rows !== undefined && { countRows: async () => rows }),
  };
  return { kind: "read", source };
}
