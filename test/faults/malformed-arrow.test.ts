import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createResultChecker } from "@shoal/coordinator";
import { blockFromRows, columnFromValues, createBlock, ShoalError, type Block } from "@shoal/core";
import { decodeBlock, encodeBlock } from "@shoal/core/arrow";
import { seededRandom } from "@shoal/testing";
import { describe, expect, test } from "vitest";

type Expected = Parameters<typeof check>[1];

const check = createResultChecker({ threads: 2, timeoutMs: 10_000 });
const never = new AbortController().signal;

/** What a result is refused for; nothing else may come of it. */
const faultOf = (bytes: Uint8Array, expected: Expected): Promise<ShoalError | undefined> =>
  check(bytes, expected, never).then(() => undefined, (error: unknown) => {
    if (ShoalError.is(error, "bad-result")) return error;
    throw error;
  });

const image = (size: number) => ({ width: size, height: size, channels: 3 as const, data: new Uint8Array(3 * size * size) });
const blocks: Readonly<Record<string, Block>> = {
  labels: blockFromRows(Array.from({ length: 300 }, (_, row) => ({ label: row % 3 === 0 ? null : `label ${row}`, score: row / 7 }))),
  embeddings: createBlock({ embedding: { type: { kind: "tensor", element: "float32", shape: [4, 8] }, length: 50, values: new Float32Array(1600).fill(0.25) } }),
  everything: createBlock({
    list: columnFromValues([[1, 2], [], null, [3]], { kind: "list", element: "float64" }), words: columnFromValues([["a"], [], null, ["b", "c"]], { kind: "list", element: "utf8" }),
    json: columnFromValues([{ a: [1, { b: null }] }, "text", null, 4], { kind: "json" }), picture: columnFromValues([image(1), null, image(3), image(2)], { kind: "image" }),
    flag: columnFromValues([true, false, null, true], { kind: "bool" }), when: columnFromValues([new Date(1e12), null, new Date(0), new Date(5)], { kind: "timestamp" }),
    bytes: columnFromValues([new Uint8Array([1, 2]), null, new Uint8Array(), new Uint8Array(9)], { kind: "binary" }), big: columnFromValues([1n, null, 2n ** 60n, -1n], { kind: "int64" }),
  }),
};

describe.each(Object.entries(blocks))("%s", (_name, block) => {
  const bytes = encodeBlock(block);
  const expected: Expected = { rows: block.rows, columns: Object.keys(block.columns) };

  test("pass as they are, also as part of a larger buffer", async () => {
    const frame = new Uint8Array(bytes.byteLength + 16);
    frame.set(bytes, 8);
    expect(await faultOf(bytes, expected)).toBe(undefined);
    expect(await faultOf(frame.subarray(8, 8 + bytes.byteLength), expected)).toBe(undefined);
  });

  test("of another SHA-256 than is said are refused, and those of that one pass", async () => {
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    expect(await faultOf(bytes.slice(), { ...expected, sha256 })).toBe(undefined);
    expect((await check(bytes.slice(), { ...expected, asksSha256: true }, never)).sha256).toBe(sha256);
    expect((await check(bytes.slice(), expected, never)).sha256).toBeUndefined();
    const changed = bytes.slice();
    changed[changed.length - 1] = (changed[changed.length - 1] as number) ^ 1;
    expect((await faultOf(changed, { ...expected, sha256 }))?.message).toContain("SHA-256");
  });

  test("with bits and bytes changed are refused, or are blocks of that form", async () => {
    const random = seededRandom(bytes.byteLength);
    let refused = 0;
    for (let round = 0; round < 1000; round++) {
      const changed = bytes.slice();
      for (let change = random.between(1, 3); change > 0; change--) {
        // Most of what can go wrong stands in front.
        const at = random.chance(0.7) ? random.between(0, Math.min(bytes.length, 1500) - 1) : random.between(0, bytes.length - 1);
        changed[at] = random.chance(0.5) ? (changed[at] as number) ^ (1 << random.between(0, 7)) : random.pick([0, 1, 0x7f, 0x80, 0xff]);
      }
      if ((await faultOf(changed, expected)) !== undefined) refused++;
      else expectBlock(changed, expected);
    }
    expect(refused).toBeGreaterThan(100);
  });

  test("cut short are refused, wherever", async () => {
    const random = seededRandom(1);
    // The last 8 bytes only say that it ends.
    for (let round = 0; round < 60; round++) expect(await faultOf(bytes.slice(0, random.between(0, bytes.length - 9)), expected)).toMatchObject({ code: "bad-result" });
  });
});

/** Nothing that passed surprises the one who decodes it. */
function expectBlock(bytes: Uint8Array, { rows, columns = [] }: Expected): void {
  const block = decodeBlock(bytes);
  expect(block.rows).toBe(rows);
  expect(new Set(Object.keys(block.columns))).toEqual(new Set(columns));
  for (const column of Object.values(block.columns)) expect(column.length).toBe(rows);
}

test("a column of nothing but NaN is named; one NaN among numbers is what one machine would take too", async () => {
  const of = (...scores: number[]) => encodeBlock(blockFromRows(scores.map((score) => ({ text: "a", score }))));
  expect(await faultOf(of(NaN, NaN), { rows: 2 })).toMatchObject({ code: "bad-result", message: expect.stringContaining('column "score" holds nothing but NaN'), details: { column: "score" } });
  expect(await faultOf(of(1, NaN), { rows: 2 })).toBe(undefined);
});

test("columns that must be there are, and no others; columns of the input may hold anything", async () => {
  const rows = [{ label: "a", score: NaN }, { label: "b", score: NaN }];
  expect(await faultOf(encodeBlock(blockFromRows(rows)), { rows: 2, columns: ["label"] })).toMatchObject({ details: { column: "score" } });
  expect(await faultOf(encodeBlock(blockFromRows(rows.map(({ label }) => ({ label })))), { rows: 2, columns: ["label"] })).toBe(undefined);
  expect(await faultOf(encodeBlock(blockFromRows(rows)), { rows: 2, anyValues: true })).toBe(undefined);
});

test("whoever no longer wants to know is told so, and the next one is served", async () => {
  const { labels } = blocks as { labels: Block };
  const gone = new AbortController();
  const waiting = [1, 2, 3].map(() => check(encodeBlock(labels), { rows: 300 }, gone.signal));
  gone.abort(new ShoalError("aborted", "enough"));
  for (const one of waiting) await expect(one).rejects.toMatchObject({ code: "aborted" });
  expect(await faultOf(encodeBlock(labels), { rows: 300 })).toBe(undefined);
});

test("one that takes too long costs its thread, and the next one is served", async () => {
  const hasty = createResultChecker({ timeoutMs: 1 });
  const large = encodeBlock(blockFromRows(Array.from({ length: 200_000 }, (_, row) => ({ text: `text number ${row}`, score: row }))));
  await expect(hasty(large.slice(), { rows: 200_000 }, never)).rejects.toMatchObject({ code: "bad-result", message: expect.stringContaining("could not be read within 1 ms") });
  expect(await faultOf(large, { rows: 200_000 })).toBe(undefined);
});

/** Public test data kept beside the checkout. */
const data = join(process.env["SHOAL_TEST_DATA"] ?? fileURLToPath(new URL("../../../shared/data", import.meta.url)), "arrow-testing/data");
if (!existsSync(data)) console.warn(`skipped: there is no ${data} (SHOAL_TEST_DATA says where test data is)`);

describe.skipIf(!existsSync(data))("files that broke Arrow's own readers", () => {
  test.each(["arrow-ipc-stream", "arrow-ipc-file"])("%s: none passes, none hangs", async (folder) => {
    const files = readdirSync(join(data, folder), { withFileTypes: true }).flatMap((entry) => (entry.isFile() ? [entry.name] : []));
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) {
      const bytes = new Uint8Array(readFileSync(join(data, folder, file)));
      expect(await faultOf(bytes, { rows: 1 }), `of ${file}`).toMatchObject({ code: "bad-result" });
    }
  }, 300_000);
});
