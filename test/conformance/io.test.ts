import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { blockFromRows, blockRows, tableFromBlock, type Datasink, type Datasource, type Row } from "@shoal/core";
import {
  binarySource, csv, csvSource, fromArrow, fromAsyncIterable, fromColumns, fromItems, jsonl, jsonlSource, jsonSource, range, textSource, type FileSinkOptions,
} from "@shoal/io";
import { testDatasink } from "@shoal/testing/datasink-suite";
import { testDatasource, type DatasourceFixture } from "@shoal/testing/datasource-suite";

const rows = Array.from({ length: 5000 }, (_, id) => ({ id, text: id % 7 === 0 ? null : `row ${id}` }));

testDatasource("items", () => ({ source: fromItems(rows), rows }));
testDatasource("range", () => ({ source: range(5000), rows: rows.map(({ id }) => ({ id })) }));
testDatasource("columns", () => ({ source: fromColumns({ id: Float64Array.from(rows, ({ id }) => id), text: rows.map(({ text }) => text) }), rows }));
testDatasource("arrow", () => ({ source: fromArrow([tableFromBlock(blockFromRows(rows.slice(0, 100))), tableFromBlock(blockFromRows(rows.slice(100)))]), rows }));
testDatasource("async iterable", () => ({ source: fromAsyncIterable(rows), rows }), { readAgain: false });

async function withFiles(files: Record<string, string | Uint8Array>, open: (folder: string) => Datasource<unknown>, expected?: Row[]): Promise<DatasourceFixture> {
  const folder = await mkdtemp(join(tmpdir(), "shoal-source-"));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return { source: open(folder), ...(expected === undefined ? {} : { rows: expected }), [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

const lines = (part: readonly Row[]) => part.map((row) => `${JSON.stringify(row)}\n`).join("");
const cells = (part: typeof rows) => `id,text\n${part.map((row) => `${row.id},${row.text ?? ""}\n`).join("")}`;
testDatasource("jsonl", () => withFiles({ "a.jsonl": lines(rows.slice(0, 4500)), "b.jsonl.gz": gzipSync(lines(rows.slice(4500))) }, (folder) => jsonlSource(folder), rows));
testDatasource("json", () => withFiles({ "a.json": JSON.stringify(rows) }, (folder) => jsonSource(folder), rows));
testDatasource("csv", () => withFiles({ "a.csv": cells(rows.slice(0, 4500)), "b.csv.gz": gzipSync(cells(rows.slice(4500))) }, (folder) => csvSource(folder), rows));
testDatasource("csv with a schema", () => withFiles({ "a.csv": cells(rows) }, (folder) => csvSource(folder, { schema: { "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) } } }), rows));
testDatasource("text", () => withFiles({ "a.txt": "one\ntwo\r\n", "b.txt": "three" }, (folder) => textSource(folder), ["one", "two", "three"].map((text) => ({ text }))));
testDatasource("binary", () => withFiles({ a: new Uint8Array([1]), b: new Uint8Array(0), c: new Uint8Array([2, 3]) }, (folder) => binarySource(folder)));

/** A sink to a path in a folder of its own, read back by a source of the same format. */
function testFileSink(name: string, path: string, sink: (path: string, options: FileSinkOptions) => Datasink, source: (path: string) => Datasource<unknown>): void {
  testDatasink(name, async () => {
    const folder = await mkdtemp(join(tmpdir(), "shoal-sink-"));
    const output = join(folder, path);
    return {
      sink: (mode) => sink(output, { mode }),
      async read() {
        if (await stat(output).then(() => false, () => true)) return undefined;
        return collectRows(source(output));
      },
      async readDeadLetters() {
        const letters = /\.\w+$/.test(path) ? `${output}.dead-letters.jsonl` : join(output, "_dead-letters.jsonl");
        return (await readFile(letters, "utf8")).trim().split("\n").map((line) => JSON.parse(line) as unknown);
      },
      traces: async () => (await readdir(folder)).toSorted(),
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
    };
  });
}

async function collectRows(source: Datasource<unknown>): Promise<Row[]> {
  const signal = new AbortController().signal;
  const found: Row[] = [];
  for await (const partition of source.partitions(signal)) for await (const block of source.read(partition, { signal })) found.push(...blockRows(block));
  return found;
}

testFileSink("jsonl, one file", "out.jsonl", jsonl, (path) => jsonlSource(path));
testFileSink("jsonl, one packed file", "out.jsonl.gz", jsonl, (path) => jsonlSource(path));
testFileSink("jsonl, a directory", "out", jsonl, (path) => jsonlSource(path));
testFileSink("jsonl, a directory of small parts", "out", (path, options) => jsonl(path, { ...options, maxRowsPerFile: 1 }), (path) => jsonlSource(path));
testFileSink("csv, one file", "out.csv", csv, (path) => csvSource(path));
testFileSink("csv, a directory", "out", csv, (path) => csvSource(path));
