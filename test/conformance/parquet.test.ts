import { readFileSync } from "node:fs";
import { columnValues, isTypedArray, type Block } from "@shoal/core";
import { parquetSource } from "@shoal/io";
import { describe, expect, test } from "vitest";
import { readAll, refusal, sharedFolder } from "./shared-data.ts";

const hyparquetFiles = sharedFolder("hyparquet-files");
const parquetTesting = sharedFolder("parquet-testing");

/** Rows as the expected files write them: arrays, with 64-bit integers, bytes and dates as JSON has them. */
function asJson(block: Block): unknown {
  const columns = Object.values(block.columns).map(columnValues);
  const rows = Array.from({ length: block.rows }, (_, row) => columns.map((values) => values[row]));
  return JSON.parse(JSON.stringify(rows, (_key, value: unknown) => (typeof value === "bigint" ? Number(value) : isTypedArray(value) ? Array.from(value as Float64Array) : value)));
}

describe.skipIf(hyparquetFiles.missing)("files with expected rows", () => {
  test.each(hyparquetFiles.names(/\.parquet$/))("%s", async (file) => {
    const source = parquetSource(hyparquetFiles.path(file), { binaryAsText: true });
    const block = await readAll(source);
    expect(asJson(block)).toEqual(JSON.parse(readFileSync(hyparquetFiles.path(file.replace(/\.parquet$/, ".json")), "utf8")));
    expect(await source.countRows?.(AbortSignal.timeout(5000))).toBe(block.rows);
  });
});

/** Good files that hyparquet can't read; the README lists them. */
const unreadable: Readonly<Record<string, RegExp>> = {
  "nation.dict-malformed.parquet": /Invalid typed array length/,
  "case-029.parquet": /outside the bounds/,
  "case-030.parquet": /outside the bounds/,
};

/** A column of more than 2 GB, of a file of 4 kB: half a minute until it is refused. */
const tooLarge = "large_string_map.brotli.parquet";

describe.skipIf(parquetTesting.missing)("the conformance suite", () => {
  const good = ["data", "data/geospatial", "shredded_variant"].flatMap((folder) => parquetTesting.names(/\.parquet$/, folder).map((file) => [folder, file] as const));

  test.each(good.filter(([, file]) => file !== tooLarge && unreadable[file] === undefined && !file.includes("INVALID")))("%s/%s is read whole", async (folder, file) => {
    const source = parquetSource(parquetTesting.path(`${folder}/${file}`));
    const [block, rows, schema] = [await readAll(source), await source.countRows?.(AbortSignal.timeout(5000)), await source.schema?.(AbortSignal.timeout(5000))];
    expect(block.rows).toBe(rows);
    const declared = block.rows === 0 ? [] : schema?.fields.map(({ name, type }) => ({ name, type }));
    expect(Object.entries(block.columns).map(([name, { type }]) => ({ name, type }))).toEqual(declared);
  });

  test.each(["delta_binary_packed", "delta_byte_array", "delta_encoding_optional_column", "delta_encoding_required_column"])("%s has the expected values", async (name) => {
    const block = await readAll(parquetSource(parquetTesting.path(`data/${name}.parquet`)));
    const lines = readFileSync(parquetTesting.path(`data/${name}_expect.csv`), "utf8").trim().split("\n").slice(1);
    const columns = Object.values(block.columns).map(columnValues);
    const cells = (line: string): string[] => Array.from(line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g), ([, cell = ""]) => cell.replace(/^"|"$/g, "")).slice(0, columns.length);
    expect(block.rows).toBe(lines.length);
    lines.forEach((line, row) => expect(columns.map((values) => String(values[row] ?? ""))).toEqual(cells(line)));
  });

  test.each(good.filter(([, file]) => unreadable[file] !== undefined))("%s/%s, which hyparquet can't read, is refused", async (folder, file) => {
    expect((await refusal(parquetSource(parquetTesting.path(`${folder}/${file}`)), file)).message).toMatch(unreadable[file] as RegExp);
  });

  // A bit width of 0 is an error in no reader: every row is the dictionary's first entry.
  test.each(parquetTesting.names(/\.parquet$/, "bad_data").filter((file) => file !== "ARROW-GH-43605.parquet"))("bad_data/%s is refused", async (file) => {
    expect((await refusal(parquetSource(parquetTesting.path(`bad_data/${file}`)), file)).code).toBe(file.includes("41317") ? "unsupported-file" : "bad-file");
  });

  test.each([...parquetTesting.names(/\.encrypted$/, "data").map((file) => `data/${file}`), ...parquetTesting.names(/\.encrypted$/, "data/aes256").map((file) => `data/aes256/${file}`)])("%s is refused as encrypted", async (file) => {
    const error = await refusal(parquetSource(parquetTesting.path(file)), file);
    expect(error).toMatchObject({ code: "unsupported-file", message: expect.stringContaining("is encrypted") });
  });

  test("a decoder that makes no progress is stopped", async () => {
    const error = await refusal(parquetSource(parquetTesting.path(`data/${tooLarge}`), { stallTimeoutMs: 200 }), tooLarge);
    expect(["decoder-stalled", "decoder-crashed", "bad-file"]).toContain(error.code);
  });
});
