import { ShoalError } from "@shoal/core";
import { expect, test } from "vitest";
import { collectRows } from "./collect-rows.fixture.ts";
import { csvSource } from "./csv-source.ts";
import { jsonSource } from "./json-source.ts";
import { jsonlSource } from "./jsonl-source.ts";
import { textSource } from "./text-source.ts";

test("random bytes are rows or errors, never a crash", async () => {
  let seed = 7;
  const next = () => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) >>> 16;
  const pieces = ['{"a":', "1", '"', "\\", "}", "[", ",", "\n", "\r", ";", "é", "\u{1f600}", "null", " "];
  expect.hasAssertions();
  for (let round = 0; round < 200; round++) {
    const text = Array.from({ length: next() % 40 }, () => pieces[next() % pieces.length]).join("");
    const bytes = new TextEncoder().encode(text);
    if (bytes.length > 0 && next() % 3 === 0) bytes[next() % bytes.length] = next() & 255;
    const file = new File([bytes], "random");
    for (const source of [jsonlSource(file), jsonSource(file), csvSource(file), textSource(file)]) {
      const outcome = await collectRows(source).then(() => "rows", (error: unknown) => (ShoalError.is(error) ? error.code : String(error)));
      expect(outcome).toMatch(/^(rows|invalid-json|invalid-utf8|schema-conflict|invalid-csv|ragged-row|duplicate-column|gzip-corrupt|inexact-number)$/);
    }
  }
});
