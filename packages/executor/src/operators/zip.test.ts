import type { PhysicalOperator } from "@shoal/planner";
import { describe, expect, test } from "vitest";
import { scan, numbered, rowsOf, thrown } from "./operator-plans.fixture.ts";

describe("zip", () => {
  test("cuts both sides to fit", async () => {
    const plan: PhysicalOperator = { kind: "zip", inputs: [scan(...numbered(10, 4)), scan(...numbered(10, 3))] };
    expect(await rowsOf(plan)).toEqual(Array.from({ length: 10 }, (_, n) => ({ n, n_1: n })));
  });

  test("refuses unequal lengths", async () => {
    const plan: PhysicalOperator = { kind: "zip", inputs: [scan(...numbered(10, 4)), scan(...numbered(9, 3))] };
    expect(await thrown(rowsOf(plan))).toMatchObject({ code: "unequal-rows", details: { rows: 9 } });
  });
});
