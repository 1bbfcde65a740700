import { expect, test } from "vitest";
import { isHidden, trialPath } from "./output-names.ts";

test("a trial lies beside its output, in the same format, and is passed over by who reads the folder", () => {
  const trials = ["out/stories/", "out/stories", "rows.jsonl", "out/rows.jsonl.gz", "out/v1.2", "C:\\out\\", "rows.txt"].map((path) => trialPath(path, 20, [".jsonl"]));
  expect(trials).toEqual(["out/stories.limit-20/", "out/stories.limit-20", "rows.limit-20.jsonl", "out/rows.limit-20.jsonl.gz", "out/v1.2.limit-20", "C:\\out.limit-20\\", "rows.txt.limit-20"]);
  expect(["rows.limit-20.jsonl", "rows.limit-20.jsonl.gz", "stories.limit-20"].every(isHidden)).toBe(true);
  expect(["rows.jsonl", "limit-20.jsonl", "rows.limit.jsonl"].some(isHidden)).toBe(false);
});

test("what has no name has no trial", () => {
  expect(["-", "", ".", "..", "./", "/", "out/.."].map((path) => trialPath(path, 20, [".jsonl"]))).toEqual(Array(7).fill(undefined));
});
