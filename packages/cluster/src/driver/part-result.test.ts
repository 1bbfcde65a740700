import { createBlock, columnFromValues } from "@shoal/core";
import { encodeBlock } from "@shoal/core/arrow";
import { expect, test } from "vitest";
import { partResult } from "./part-result.ts";

test("what a worker counted comes into the report as if its actors were here", () => {
  const stats = { device: "cpu", preprocessMs: 1, predictMs: 4, postprocessMs: 2, batches: [2], counts: { realTokens: 9 }, collapsedRows: 3, memoryBytes: 1e8 };
  const payload = encodeBlock(createBlock({ label: columnFromValues(["a", "b", "a", "a", "b"]) }));
  expect(partResult({ rows: 5, failures: [], stats, block: 0 }, payload)).toMatchObject({ collapsedRows: 3, memoryBytes: 1e8, counts: { realTokens: 9 }, batches: [{ rows: 2, ms: 4 }] });
  expect(partResult({ rows: 5, failures: [], block: 0 }, payload)).toMatchObject({ collapsedRows: 0 });
});
