import { expect, test } from "vitest";
import { refuseStrangers } from "./strangers.ts";

test("a directory of parts may be overwritten", () => {
  expect(() => refuseStrangers(["part-00000.parquet", "part-00001.jsonl.gz", "part-123456.csv", "_dead-letters.jsonl", ".DS_Store"], "out")).not.toThrow();
});

test("one that holds anything else may not, and the error names it", () => {
  expect(() => refuseStrangers(["part-00000.parquet", "thesis.txt"], "out")).toThrow(expect.objectContaining({ code: "output-not-ours", message: expect.stringContaining('"thesis.txt"') as string }));
  expect(() => refuseStrangers(["e", "d", "c", "b", "a"], "home")).toThrow(/"a", "b", "c" and 2 more/);
  expect(() => refuseStrangers(["part-00000"], "out")).toThrow("part-00000");
});
