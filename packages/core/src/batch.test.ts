import { expect, test } from "vitest";
import { blockFromBatch, blockRows } from "./index.ts";

test("a column that is undefined is a mistake, and named; a missing value is none", () => {
  const result: { readonly score?: number[]; readonly scores?: number[] } = { score: [1, 2] };
  expect(() => blockFromBatch({ n: [1, 2], score: result.scores }, 'predictor "typo"')).toThrow(
    expect.objectContaining({ code: "wrong-result", message: expect.stringContaining('predictor "typo" returned undefined as column "score".') as string }) as Error,
  );
  expect([...blockRows(blockFromBatch({ n: [1, 2], score: [undefined, 3] }, "f"))]).toEqual([{ n: 1, score: null }, { n: 2, score: 3 }]);
});
