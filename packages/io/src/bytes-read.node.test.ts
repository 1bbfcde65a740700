import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Datasource } from "@shoal/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { csvSource } from "./csv-source.ts";
import { jsonSource } from "./json-source.ts";
import { jsonlSource } from "./jsonl-source.ts";
import { textSource } from "./text-source.ts";

const rows = 60_000;
const lines = Array.from({ length: rows }, (_, id) => `{"id":${id},"text":"${"so good ".repeat(5)}"}\n`).join("");
const signal = new AbortController().signal;

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "shoal-bytes-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** What a source tells while its first partition is read. */
async function told(source: Datasource<unknown>, firstRow?: number): Promise<[rows: number, bytes: number][]> {
  const all: [number, number][] = [];
  for await (const partition of source.partitions(signal)) {
    const options = { signal, onRead: (...read: [number, number]) => void all.push(read), ...(firstRow !== undefined && { firstRow }) };
    for await (const block of source.read(partition, options)) expect(block.rows).toBeGreaterThan(0);
    break;
  }
  return all;
}

test.each([
  ["JSON Lines", (path: string) => jsonlSource(path), "rows.jsonl", lines],
  ["packed JSON Lines", (path: string) => jsonlSource(path), "rows.jsonl.gz", gzipSync(lines)],
  ["CSV", (path: string) => csvSource(path), "rows.csv", `id,text\n${Array.from({ length: rows }, (_, id) => `${id},${"so good ".repeat(9)}\n`).join("")}`],
  ["text", (path: string) => textSource(path), "rows.txt", lines],
])("%s: rows and the stored bytes that they are, from the first on and to the last", async (_, open, name, content) => {
  const path = file(name, content);
  const { size } = statSync(path);
  const source = open(path);
  expect(await source.countBytes?.(signal)).toBe(size);
  const all = await told(source);
  expect(all.length).toBeGreaterThan(3);
  expect(all.at(-1)).toEqual([rows, size]);
  // Whoever divides one by the other knows early how many rows there are.
  for (const [read, bytes] of all) expect(Math.abs((read / bytes) * size - rows)).toBeLessThan(0.05 * rows);
  expect((await told(source, rows - 10)).at(-1)).toEqual([rows, size]);
});

test("a JSON file tells at once; several files are added up; standard input and rows that are known have no bytes to tell", async () => {
  expect(await told(jsonSource(file("rows.json", "[1,2,3]")))).toEqual([[3, 7]]);
  const [a, b] = [file("a.jsonl", '{"id":1}\n'), file("b.jsonl", '{"id":2}\n{"id":3}\n')];
  expect(await jsonlSource([a, b]).countBytes?.(signal)).toBe(27);
  expect(await jsonlSource(join(folder, "?.jsonl")).countBytes?.(signal)).toBe(27);
  expect("countBytes" in jsonlSource("-")).toBe(false);
});
