import { blockFromRows } from "@shoal/core";
import type { PhysicalOperator } from "@shoal/planner";
import { describe, expect, test } from "vitest";
import { scan, blocksOf, rowsOf, thrown } from "./operator-plans.fixture.ts";

describe("select", () => {
  const project = (input: PhysicalOperator, columns: [string, string][], rest: boolean, drop: string[] = []): PhysicalOperator => ({ kind: "project", input, columns, rest, drop });
  const block = blockFromRows([{ a: 1, b: 2, c: 3 }]);

  test("chooses, renames and drops", async () => {
    expect((await blocksOf(project(scan(block), [["c", "c"], ["a", "x"]], false))).map((each) => Object.keys(each.columns))).toEqual([["c", "x"]]);
    expect((await blocksOf(project(scan(block), [["a", "x"]], true, ["b"]))).map((each) => Object.keys(each.columns))).toEqual([["x", "c"]]);
  });

  test("names what is missing, and what there is", async () => {
    expect((await thrown(rowsOf(project(scan(block), [["z", "z"]], false)))).message).toContain(`There is no column "z"; the columns are "a", "b", "c"`);
  });
});
