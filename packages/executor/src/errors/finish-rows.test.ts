import { blockFromRows, blockRows, type Block, type DeclarativePredictorSpec, type ModulePredictorSpec, type Row } from "@shoal/core";
import { describe, expect, test } from "vitest";
import { failedResult } from "../pool/retry.ts";
import { finishRows } from "./finish-rows.ts";

const joins: DeclarativePredictorSpec = { kind: "declarative", name: "label", backend: "b", task: "t", model: "m", options: {}, reads: ["text"], adds: ["label"], phases: ["predict"] };
const replaces: ModulePredictorSpec = { kind: "module", name: "own", module: "m", export: "e", args: null, batchFormat: "columns", rows: "same", stateful: false, phases: ["predict"] };
const given = blockFromRows([{ id: 1, text: "a" }, { id: 2, text: "b" }, { id: 3, text: "c" }]);
const failure = (row: number) => ({ row, error: { code: "predictor-failed", message: "no" }, attempts: 1 });
const answer = (block: Block, ...failed: number[]) => ({ ...failedResult(failed.map(failure)), block });
const rows = (block: Block): Row[] => [...blockRows(block)];

describe("what a predictor made of a block", () => {
  test("joins the rest of each row", () => {
    expect(rows(finishRows(joins, given, answer(blockFromRows([{ label: "x", echo: 1 }, { label: "y", echo: 1 }, { label: "z", echo: 1 }])), false, []))).toEqual([
      { id: 1, text: "a", label: "x" }, { id: 2, text: "b", label: "y" }, { id: 3, text: "c", label: "z" },
    ]);
  });

  test("without the rows that failed, or with null for them", () => {
    const two = answer(blockFromRows([{ label: "x" }, { label: "z" }]), 1);
    expect(rows(finishRows(joins, given, two, false, []))).toEqual([{ id: 1, text: "a", label: "x" }, { id: 3, text: "c", label: "z" }]);
    expect(rows(finishRows(joins, given, two, true, []))).toEqual([{ id: 1, text: "a", label: "x" }, { id: 2, text: "b", label: null }, { id: 3, text: "c", label: "z" }]);
  });

  test("replaces the row where the predictor is one's own; failed rows keep what they had", () => {
    const two = answer(blockFromRows([{ id: 10, score: 1 }, { id: 30, score: 3 }]), 1);
    expect(rows(finishRows(replaces, given, two, true, []))).toEqual([{ id: 10, score: 1 }, { id: 2, score: null }, { id: 30, score: 3 }]);
    const none = answer(blockFromRows([]), 0, 1, 2);
    expect(rows(finishRows(replaces, given, none, true, ["id", "score"]))[1]).toEqual({ id: 2, score: null });
  });

  test("must answer for every row", () => {
    expect(() => finishRows(joins, given, answer(blockFromRows([{ label: "x" }])), false, [])).toThrow(/got 3 rows and answered for 1 done and 0 failed/);
    expect(() => finishRows(joins, given, answer(blockFromRows([{ label: "x" }]), 1, 1), false, [])).toThrow("got 3 rows");
  });
});
