import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { datasetFromJson, range, readCsv, readJsonl } from "shoal";
import { sentiment } from "shoal/tiny-models";
import { textClassification } from "shoal/transformers";

test("a dataset without closures becomes JSON, and the JSON the same dataset", async () => {
  const folder = mkdtempSync(join(tmpdir(), "shoal-plan-"));
  writeFileSync(join(folder, "a.csv"), "zip;text\n01234;I loved it\n99999;It was terrible\n");
  writeFileSync(join(folder, "b.jsonl"), '{"zip":"5","text":"so good"}\n');
  const dataset = readCsv<{ zip: string; text: string }>(join(folder, "*.csv"), { delimiter: ";", types: { zip: "utf8" } })
    .union(readJsonl<{ zip: string; text: string }>(join(folder, "b.jsonl")))
    .mapBatches(textClassification({ model: sentiment, input: "text", output: "label" }), { batchSize: 2 })
    .select("zip", "label")
    .limit(3);
  const again = datasetFromJson(JSON.parse(JSON.stringify(dataset)) as never);
  expect(again.explain()).toBe(dataset.explain());
  expect(await again.takeAll()).toEqual([{ zip: "01234", label: "POSITIVE" }, { zip: "99999", label: "NEGATIVE" }, { zip: "5", label: "POSITIVE" }]);
  rmSync(folder, { recursive: true });
});

test("a closure names itself and the way out", () => {
  expect(() => JSON.stringify(range(3).map(function double(row) { return { id: 2 * row.id }; }))).toThrow(/"map double\(\)" is a closure[^]*definePredictor/);
});
