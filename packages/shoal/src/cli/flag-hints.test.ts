import { ShoalError } from "@shoal/core";
import { afterEach, expect, test } from "vitest";
import { flagHints, inputIsNamedByFlags, inWordsOfFlags, onErrorIsGiven, outputIsNamedByFlag, outputIsNamedByJob, shareIsKeptIn } from "./flag-hints.ts";

afterEach(outputIsNamedByFlag);

test.each<[string, ConstructorParameters<typeof ShoalError>[2], string]>([
  ["output-exists", {}, "--overwrite"],
  ["output-unfinished", {}, "--resume, --overwrite"],
  ["output-unfinished", { details: { keptBy: "desk" } }, "--resume"],
  ["resume-changed", {}, "--overwrite"],
  ["resume-changed", { details: { keptBy: "desk" } }, "--on <link> --resume"],
  ["missing-value", { failure: "row", details: { step: "map(f)" } }, "--on-error skip"],
  ["missing-column", { details: { column: "text", columns: ["id;text"] } }, '--delimiter ";" (of CSV: shoal infer, shoal inspect)'],
  ["missing-column", { details: { column: "text", columns: ["id\ttext"] } }, "--delimiter tab (of CSV: shoal infer, shoal inspect)"],
  ["engine-replicas", { details: { replicas: 3 } }, "--replicas 1"],
])("of %s %j", (code, fields, flags) => expect(flagHints(new ShoalError(code, "Oh.", fields))).toBe(`\n  → With this command: ${flags}`));

test("of what no flag changes there are none, whatever the hint says", () => {
  expect(flagHints(new ShoalError("bad-job", "Oh.", { hint: 'Say { mode: "overwrite" } and onError.', failure: "bug" }))).toBe("");
  expect(flagHints(new ShoalError("missing-column", "Oh.", { details: { column: "text", columns: ["a;b", "c"] } }))).toBe("");
  expect(flagHints(new ShoalError("engine-replicas", "Oh.", { details: { replicas: 5 } }))).toBe("");
});

test("only rows that a step failed at are let go, and whoever has said what becomes of them is not told again", () => {
  const failed = new ShoalError("missing-value", "Oh.", { failure: "row", details: { step: "map(f)" } });
  onErrorIsGiven(true);
  expect(flagHints(failed)).toBe("");
  onErrorIsGiven(false);
  expect(flagHints(failed)).not.toBe("");
  expect(flagHints(new ShoalError("ragged-row", "Oh.", { failure: "row", details: { row: "r.csv:3" } }))).toBe("");
});

test("a delimiter is asked for as the input is named: by a job, or by flags", () => {
  const ragged = new ShoalError("ragged-row", "Oh.", { hint: 'Is the delimiter right ({ delimiter: ";" })?' });
  expect(inWordsOfFlags(ragged)).toBe(ragged.message);
  inputIsNamedByFlags();
  expect(inWordsOfFlags(ragged)).toBe('Oh.\n  → Is the delimiter right (--delimiter ";")?');
  inputIsNamedByFlags(false);
});

test("where the job names the output, the job is what to change", () => {
  outputIsNamedByJob('parquet("out/", { mode: "overwrite" })');
  expect(flagHints(new ShoalError("output-exists", "Oh."))).toBe('\n  → To start anew, in the job: parquet("out/", { mode: "overwrite" })');
  expect(flagHints(new ShoalError("output-unfinished", "Oh."))).toBe('\n  → With this command: --resume\n  → To start anew, in the job: parquet("out/", { mode: "overwrite" })');
});

test("a shared run whose ledger is of another version names the folder that it is kept in", () => {
  expect(flagHints(new ShoalError("ledger-unreadable", "Oh."))).toBe("");
  shareIsKeptIn("out/.rows.jsonl.shoal-share");
  expect(flagHints(new ShoalError("ledger-unreadable", "Oh."))).toBe("\n  → To begin anew, remove the folder out/.rows.jsonl.shoal-share, or move it away; links that were given out no longer work then.");
  shareIsKeptIn(undefined);
});
