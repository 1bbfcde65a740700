import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { columnValues, isTypedArray, type Column } from "@shoal/core";
import { arrowSource } from "@shoal/io";
import { describe, expect, test } from "vitest";
import { expectedColumn, type IntegrationJson } from "./arrow-integration-json.ts";
import { readAll, refusal, sharedFolder } from "./shared-data.ts";

const arrow = sharedFolder("arrow-testing");
const integration = "data/arrow-ipc-stream/integration";

/** Good files that can't be read; the README lists them. */
const unreadable: Readonly<Record<string, RegExp>> = {
  generated_duplicate_fieldnames: /two columns are named "ints"/,
  "1.0.0-littleendian/generated_union": /two columns are named "sparse"/,
  generated_list_view: /ListView/,
  generated_run_end_encoded: /RunEndEncoded/,
  generated_nested_large_offsets: /64-bit offsets/,
};

/** As the expected values are: numbers, arrays, dates as milliseconds. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Date) return value.getTime();
  if (isTypedArray(value)) return Array.from(value as Float64Array, plain);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  return value;
}

describe.skipIf(arrow.missing)("golden files", () => {
  const golden = ["1.0.0-littleendian", "cpp-21.0.0", "4.0.0-shareddict"].flatMap((folder) =>
    arrow.names(/\.(stream|arrow_file)$/, `${integration}/${folder}`).map((file) => [folder, file, file.replace(/\..*$/, "")] as const));

  test.each(golden.filter(([folder, , name]) => (unreadable[name] ?? unreadable[`${folder}/${name}`]) === undefined))("%s/%s holds what its JSON says", async (folder, file, name) => {
    const expected = JSON.parse(gunzipSync(readFileSync(arrow.path(`${integration}/${folder}/${name}.json.gz`))).toString()) as IntegrationJson;
    const block = await readAll(arrowSource(arrow.path(`${integration}/${folder}/${file}`)));
    expect(block.rows).toBe(expected.batches.reduce((sum, batch) => sum + batch.count, 0));
    const fields = block.rows === 0 ? [] : expected.schema.fields;
    expect(Object.keys(block.columns)).toEqual(fields.map((field) => field.name));
    const values = new Map(fields.map(({ name: column }, at) => [column, expectedColumn(expected, at)]));
    const compared = fields.filter((field) => values.get(field.name) !== undefined);
    for (const field of compared) expect(columnValues(block.columns[field.name] as Column).map(plain)).toEqual(values.get(field.name));
  });

  test.each(golden.filter(([folder, , name]) => (unreadable[name] ?? unreadable[`${folder}/${name}`]) !== undefined))("%s/%s can't be read, and says why", async (folder, file, name) => {
    const error = await refusal(arrowSource(arrow.path(`${integration}/${folder}/${file}`)), file);
    expect(error.code).toBe("unsupported-file");
    expect(error.message).toMatch((unreadable[name] ?? unreadable[`${folder}/${name}`]) as RegExp);
  });

  test.each(arrow.names(/\.(stream|arrow_file)$/, `${integration}/1.0.0-bigendian`))("big-endian %s is refused", async (file) => {
    expect((await refusal(arrowSource(arrow.path(`${integration}/1.0.0-bigendian/${file}`)), file)).message).toContain("it is big-endian");
  });
});

describe.skipIf(arrow.missing)("malformed files", () => {
  /** What is wrong in these stands in a schema that no row follows. */
  const empty = ["-file-fuzz-5654157323403264", "-stream-fuzz-4757582821064704", "minimized-arrow-ipc-stream-fuzz-5435281763467264", "crash-5e88bae6ac5250714e8c8bc73b9d67b949fadbb4"];

  const isEmpty = (file: string): boolean => empty.some((name) => file.endsWith(name));
  const malformed = ["data/arrow-ipc-file", "data/arrow-ipc-stream"].flatMap((folder) => arrow.names(/^(clusterfuzz|crash)/, folder).map((file) => [folder, file] as const));
  const source = (folder: string, file: string) => arrowSource(arrow.path(`${folder}/${file}`), { stallTimeoutMs: 3000 });

  test.each(malformed.filter(([, file]) => !isEmpty(file)))("%s/%s is refused", async (folder, file) => {
    await expect(refusal(source(folder, file), file)).resolves.toBeInstanceOf(Error);
  });

  test.each(malformed.filter(([, file]) => isEmpty(file)))("%s/%s gives no row", async (folder, file) => {
    expect((await readAll(source(folder, file))).rows).toBe(0);
  });
});
