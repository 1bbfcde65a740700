import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { blockFromRows, ShoalError, type Datasink, type Datasource, type Row } from "@shoal/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collectRows } from "./collect-rows.fixture.ts";
import { csv } from "./csv.ts";
import { csvSource } from "./csv-source.ts";
import { jsonSource } from "./json-source.ts";
import { jsonl } from "./jsonl.ts";
import { jsonlSource } from "./jsonl-source.ts";
import { textSource } from "./text-source.ts";

/** Public test data kept beside the checkout; these tests are skipped where it is absent. */
const data = process.env["SHOAL_TEST_DATA"] ?? fileURLToPath(new URL("../../../../shared/data", import.meta.url));
const has = (name: string): boolean => {
  const there = existsSync(join(data, name));
  if (!there) console.warn(`skipped: there is no ${join(data, name)} (SHOAL_TEST_DATA says where test data is)`);
  return there;
};
const list = (folder: string, pattern: RegExp): string[] => (existsSync(join(data, folder)) ? readdirSync(join(data, folder)).filter((name) => pattern.test(name)) : []);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-hostile-"));
});
afterAll(() => rm(folder, { recursive: true }));

type Outcome = { rows: Row[] } | { error: ShoalError };
async function outcomeOf(source: Datasource<unknown>): Promise<Outcome> {
  try {
    return { rows: await collectRows(source) };
  } catch (error) {
    if (!ShoalError.is(error)) throw error;
    return { error };
  }
}
async function written(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

/** Git may have turned the line ends of the suite's files, which are what these files are about. */
function withCrlf(path: string): Promise<string> {
  return written("crlf.csv", readFileSync(path, "utf8").replaceAll(/\r?\n/g, "\r\n"));
}

describe.skipIf(!has("json-test-suite"))("JSON test suite", () => {
  const suite = "json-test-suite/test_parsing";
  const bytesOf = (name: string): Buffer => readFileSync(join(data, suite, name));
  const positioned = { error: { code: expect.stringMatching(/^(invalid-json|invalid-utf8)$/), details: { byte: expect.any(Number) } } };

  test.each(list(suite, /^y_/))("accepts %s", async (name) => {
    expect(await outcomeOf(jsonSource(join(data, suite, name)))).toHaveProperty("rows");
    const value: unknown = JSON.parse(bytesOf(name).toString());
    const line = await outcomeOf(jsonlSource(await written(`${name}l`, bytesOf(name).toString().replaceAll(/[\r\n]/g, " "))));
    expect(line).toEqual({ rows: [typeof value === "object" && value !== null && !Array.isArray(value) ? value : { item: value }] });
  });

  test.each(list(suite, /^n_/))("refuses %s, with its place", async (name) => {
    expect(await outcomeOf(jsonSource(join(data, suite, name)))).toMatchObject(positioned);
    const text = bytesOf(name).toString("latin1").replace(/^\u00ef\u00bb\u00bf/, "");
    // A line of nothing is no row; what is over several lines is several rows.
    const line = await outcomeOf(jsonlSource(await written(`${name}l`, bytesOf(name))));
    expect(line).toMatchObject(text.trim() === "" ? { rows: [] } : positioned);
  });

  test("what is left to implementations is as the README says", async () => {
    const accepted: string[] = [];
    const refused: string[] = [];
    for (const name of list(suite, /^i_/)) {
      const outcome = await outcomeOf(jsonSource(join(data, suite, name)));
      (("rows" in outcome) ? accepted : refused).push(name.replace(/^i_|\.json$/g, ""));
    }
    expect(refused).toEqual([
      "string_UTF-16LE_with_BOM", "string_UTF-8_invalid_sequence", "string_UTF8_surrogate_U+D800", "string_invalid_utf-8", "string_iso_latin_1",
      "string_lone_utf8_continuation_byte", "string_not_in_unicode_range", "string_overlong_sequence_2_bytes", "string_overlong_sequence_6_bytes",
      "string_overlong_sequence_6_bytes_null", "string_truncated-utf-8", "string_utf16BE_no_BOM", "string_utf16LE_no_BOM",
    ]);
    expect(accepted.length + refused.length).toBe(list(suite, /^i_/).length);
  });
});

describe.skipIf(!has("csv-spectrum"))("CSV spectrum", () => {
  test.each(list("csv-spectrum/csvs", /\.csv$/).filter((name) => name !== "location_coordinates.csv"))("%s", async (name) => {
    const path = join(data, "csv-spectrum/csvs", name);
    const expected = JSON.parse(readFileSync(join(data, "csv-spectrum/json", name.replace(".csv", ".json")), "utf8")) as Record<string, string>[];
    const names = Object.keys(expected[0] ?? {});
    const source = csvSource(name.includes("crlf") ? await withCrlf(path) : path, { types: Object.fromEntries(names.map((column) => [column, "utf8" as const])) });
    // The suite knows no missing cells: there an empty cell is an empty string.
    expect((await collectRows(source)).map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value ?? ""])))).toEqual(expected);
  });
});

test.skipIf(!has("csv-spectrum"))("CSV spectrum: location_coordinates.csv, whose own JSON has another telephone number", async () => {
  expect(await collectRows(csvSource(join(data, "csv-spectrum/csvs/location_coordinates.csv")))).toMatchObject([{ "Contact Phone Number": 2095257564, "Location Coordinates": expect.stringContaining('37.8"N') }]);
});

describe.skipIf(!has("naughty-strings"))("naughty strings", () => {
  const strings = JSON.parse(has("naughty-strings") ? readFileSync(join(data, "naughty-strings/blns.json"), "utf8") : "[]") as string[];
  const roundTrip = async (sink: (path: string) => Datasink, source: (path: string) => Datasource<unknown>, name: string, rows: Row[]) => {
    const writer = await sink(join(folder, name)).open(new AbortController().signal);
    await writer.write(blockFromRows(rows));
    await writer.publish({ fields: [] });
    return collectRows(source(join(folder, name)));
  };

  test("survive JSON Lines, as values and as keys", async () => {
    const rows = strings.map((text, id) => ({ id, text }));
    expect(await roundTrip(jsonl, (path) => jsonlSource(path), "values.jsonl", rows)).toEqual(rows);
    const keys: Row[] = [Object.fromEntries([...new Set(strings)].map((text, id) => [text, id]))];
    expect(await roundTrip(jsonl, (path) => jsonlSource(path), "keys.jsonl", keys)).toEqual(keys);
  });

  test("survive CSV; only the empty string becomes missing", async () => {
    const rows = strings.map((text, id) => ({ id, text }));
    const back = await roundTrip(csv, (path) => csvSource(path, { types: { text: "utf8" } }), "values.csv", rows);
    expect(back.map((row) => ({ ...row, text: row["text"] ?? "" }))).toEqual(rows);
  });

  test("are lines of text", async () => {
    const path = join(data, "naughty-strings/blns.txt");
    const expected = readFileSync(path, "utf8").replace(/^\ufeff/, "").replace(/\n$/, "").split("\n");
    expect((await collectRows(textSource(path))).map((row) => row["text"])).toEqual(expected);
  });
});
