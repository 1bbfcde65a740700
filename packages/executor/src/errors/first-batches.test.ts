import { blockFromRows, type Block } from "@shoal/core";
import { describe, expect, test } from "vitest";
import { failedResult } from "../pool/retry.ts";
import { FirstBatches } from "./first-batches.ts";

const failure = (row: number) => ({ row, error: { code: "predictor-failed", message: "no" }, attempts: 1 });
const answer = (block: Block, ...failed: number[]) => ({ ...failedResult(failed.map(failure)), block });

describe("the first three batches", () => {
  const failing = (batches: number) => ({ ...answer(blockFromRows([]), 0), batches: Array.from({ length: batches }, () => ({ rows: 1, ms: 1, failed: true })) });

  test("that fail whole stop the run", () => {
    const first = new FirstBatches();
    first.check("label", failing(2));
    expect(() => first.check("label", failing(1))).toThrow(/The first 3 batches of label failed/);
  });

  test("are over with one row that succeeded", () => {
    const first = new FirstBatches();
    first.check("label", answer(blockFromRows([{ id: 1 }, { id: 2 }, { id: 3 }])));
    expect(() => first.check("label", failing(9))).not.toThrow();
  });

  test("are not more for being bisected", () => {
    const first = new FirstBatches();
    const bisected = { ...failing(1), batches: [{ rows: 4, ms: 1, failed: true }, ...Array.from({ length: 6 }, () => ({ rows: 1, ms: 1, failed: true, part: true }))] };
    expect(() => first.check("label", bisected)).not.toThrow();
  });
});
