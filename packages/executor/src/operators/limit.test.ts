import type { PhysicalOperator } from "@shoal/planner";
import { describe, expect, test } from "vitest";
import { source, scan, numbered, rowsOf, map, functions } from "./operator-plans.fixture.ts";

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
