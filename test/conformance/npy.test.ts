import { readFileSync } from "node:fs";
import { columnValues, isTypedArray } from "@shoal/core";
import { npySource } from "@shoal/io";
import { describe, expect, test } from "vitest";
import { readAll, refusal, sharedFolder } from "./shared-data.ts";

const npy = sharedFolder("npy");
const complex = (file: string): boolean => file.includes("complex");

describe.skipIf(npy.missing)("NumPy arrays", () => {
  const records = npy.missing ? {} : (JSON.parse(readFileSync(npy.path("records.json"), "utf8")) as Record<string, unknown[]>);

  test.each(npy.names(/\.npy$/).filter((file) => !complex(file)))("%s ends in the recorded values", async (file) => {
    const block = await readAll(npySource(npy.path(file)));
    const column = block.columns["data"];
    const values = columnValues(column as never).flatMap((value) => (isTypedArray(value) ? Array.from(value as Float64Array) : value));
    const expected = records[`./data/${file.replace(/\.npy$/, "")}`];
    if (expected === undefined) throw new Error(`nothing is recorded for ${file}`);
    // Rows of 64-bit integers are BigInt64Arrays.
    expect(values.slice(-expected.length).map((value) => (typeof value === "bigint" ? Number(value) : value))).toEqual(expected);
  });

  test.each(npy.names(/x.*-.*\.npy$/).filter((file) => !complex(file)))("%s has the shape its name says", async (file) => {
    const block = await readAll(npySource(npy.path(file)));
    const [rows, ...shape] = (/^[\dx]+/.exec(file)?.[0] ?? "").split("x").map(Number);
    expect(block.rows).toBe(rows);
    expect(block.columns["data"]?.type).toMatchObject({ kind: "tensor", shape });
  });

  test.each(npy.names(/\.npy$/).filter(complex))("%s is refused", async (file) => {
    expect(await refusal(npySource(npy.path(file)), file)).toMatchObject({ code: "unsupported-file", message: expect.stringContaining("complex numbers") });
  });
});
