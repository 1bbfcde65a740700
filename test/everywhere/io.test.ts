// Every datasource and datasink, wherever its files can be: on disk or in OPFS, as Blobs, on the web, in memory.
import { blockFromRows, blockRows, schemaOf, ShoalError, type Datasink, type Datasource, type Row } from "@shoal/core";
import { tableFromBlock } from "@shoal/core/arrow";
import {
  arrow, arrowSource, binarySource, csv, csvSource, fromArrow, fromAsyncIterable, fromColumns, fromItems, jsonl, jsonlSource, jsonSource, memoryFile, npySource, parquet,
  parquetSource, range, textSource, type FileSinkOptions, type OutputPlace, type Paths,
} from "@shoal/io";
import { testDatasink } from "@shoal/testing/datasink-suite";
import { testDatasource, type DatasourceFixture } from "@shoal/testing/datasource-suite";
import { expect, inject, test } from "vitest";
import { newFolder } from "./folder.ts";

const rows = Array.from({ length: 5000 }, (_, id) => ({ id, text: id % 7 === 0 ? null : `row ${id}` }));
const never = new AbortController().signal;

testDatasource("items", () => ({ source: fromItems(rows), rows }));
testDatasource("range", () => ({ source: range(5000), rows: rows.map(({ id }) => ({ id })) }));
testDatasource("columns", () => ({ source: fromColumns({ id: Float64Array.from(rows, ({ id }) => id), text: rows.map(({ text }) => text) }), rows }));
testDatasource("arrow tables", () => ({ source: fromArrow([tableFromBlock(blockFromRows(rows.slice(0, 100))), tableFromBlock(blockFromRows(rows.slice(100)))]), rows }));
testDatasource("async iterable", () => ({ source: fromAsyncIterable(rows), rows }), { readAgain: false });

type Files = Readonly<Record<string, Uint8Array>>;
type Place = (files: Files, open: (paths: Paths) => Datasource<unknown>) => Promise<DatasourceFixture>;

const places: Readonly<Record<string, Place>> = {
  "a folder": async (files, open) => {
    const folder = await newFolder();
    for (const [name, content] of Object.entries(files)) await folder.write(name, content);
    return { source: open(folder.path("")), [Symbol.asyncDispose]: () => folder.remove() };
  },
  "a list of Blobs": async (files, open) => ({ source: open(Object.entries(files).map(([name, content]) => new File([content as Uint8Array<ArrayBuffer>], name))) }),
  "the web": async (files, open) => {
    const folder = `${inject("fileServer")}/${crypto.randomUUID()}`;
    for (const [name, body] of Object.entries(files)) await fetch(`${folder}/${name}`, { method: "PUT", body: body as Uint8Array<ArrayBuffer> });
    return { source: open(Object.keys(files).map((name) => `${folder}/${name}`)) };
  },
};

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const gzip = async (text: string): Promise<Uint8Array> => new Uint8Array(await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
const lines = (part: readonly Row[]): string => part.map((row) => `${JSON.stringify(row)}\n`).join("");
const cells = (part: typeof rows): string => `id,text\n${part.map((row) => `${row.id},${row.text ?? ""}\n`).join("")}`;

async function written(name: string, sink: (file: OutputPlace) => Datasink): Promise<Files> {
  const file = memoryFile(name);
  await publishRows(sink(file), rows);
  return { [name]: new Uint8Array(await file.toFile().arrayBuffer()) };
}

function npy(values: Float64Array<ArrayBuffer>): Uint8Array {
  const header = utf8(`{'descr': '<f8', 'fortran_order': False, 'shape': (${values.length},), }\n`);
  return new Uint8Array([0x93, ...utf8("NUMPY"), 1, 0, header.length, 0, ...header, ...new Uint8Array(values.buffer)]);
}

const anything = { "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) } } as const;
const formats: Readonly<Record<string, readonly [files: () => Files | Promise<Files>, open: (paths: Paths) => Datasource<unknown>, rows?: readonly Row[]]>> = {
  jsonl: [async () => ({ "a.jsonl": utf8(lines(rows.slice(0, 4500))), "b.jsonl.gz": await gzip(lines(rows.slice(4500))) }), (paths) => jsonlSource(paths), rows],
  json: [() => ({ "a.json": utf8(JSON.stringify(rows)) }), (paths) => jsonSource(paths), rows],
  csv: [async () => ({ "a.csv": utf8(cells(rows.slice(0, 4500))), "b.csv.gz": await gzip(cells(rows.slice(4500))) }), (paths) => csvSource(paths), rows],
  "csv with a schema": [() => ({ "a.csv": utf8(cells(rows)) }), (paths) => csvSource(paths, { schema: anything })],
  text: [() => ({ "a.txt": utf8("one\ntwo\r\n"), "b.txt": utf8("three") }), (paths) => textSource(paths), ["one", "two", "three"].map((text) => ({ text }))],
  binary: [() => ({ a: new Uint8Array([1]), b: new Uint8Array(0), c: new Uint8Array([2, 3]) }), (paths) => binarySource(paths)],
  parquet: [() => written("a.parquet", (file) => parquet(file, { rowGroupRows: 1500 })), (paths) => parquetSource(paths), rows],
  arrow: [() => written("a.arrow", arrow), (paths) => arrowSource(paths), rows],
  npy: [() => ({ "a.npy": npy(Float64Array.from([1, 2, 3])) }), (paths) => npySource(paths), [{ data: 1 }, { data: 2 }, { data: 3 }]],
};

for (const [format, [files, open, expected]] of Object.entries(formats)) {
  for (const [place, fixture] of Object.entries(places)) {
    testDatasource(`${format} in ${place}`, async () => ({ ...(await fixture(await files(), open)), ...(expected === undefined ? {} : { rows: expected }) }));
  }
}

test("what a server packs on the way is read whole", async () => {
  const url = `${inject("fileServer")}/${crypto.randomUUID()}/a.jsonl`;
  await fetch(url, { method: "PUT", body: lines(rows) });
  expect(await collectRows(jsonlSource(`${url}?packed`))).toEqual(rows);
});

type Sink = (place: string | OutputPlace, options: FileSinkOptions) => Datasink;

/** A sink to a path in a folder of its own, read back by a source of the same format. */
function testFileSink(name: string, path: string, sink: Sink, source: (paths: Paths) => Datasource<unknown>): void {
  testDatasink(name, async () => {
    const folder = await newFolder();
    const output = folder.path(path);
    return {
      sink: (mode) => sink(output, { mode }),
      read: async () => ((await folder.names()).includes(path) ? collectRows(source(output)) : undefined),
      readDeadLetters: async () => jsonLines((await folder.text(/\.\w+$/.test(path) ? `${path}.dead-letters.jsonl` : `${path}/_dead-letters.jsonl`)) ?? ""),
      traces: () => folder.names(),
      [Symbol.asyncDispose]: () => folder.remove(),
    };
  });
}

/** A sink to a file in memory. */
function testMemorySink(name: string, sink: Sink, source: (paths: Paths) => Datasource<unknown>): void {
  testDatasink(`a file in memory, ${name}`, () => {
    const output = memoryFile(name);
    return {
      sink: (mode) => sink(output, { mode }),
      async read() {
        try {
          return await collectRows(source(output.toFile()));
        } catch (error) {
          if (ShoalError.is(error, "nothing-written")) return undefined;
          throw error;
        }
      },
      readDeadLetters: async () => jsonLines(await (output.deadLettersFile() as File).text()),
    };
  });
}

testFileSink("jsonl, one file", "out.jsonl", jsonl, jsonlSource);
testFileSink("jsonl, one packed file", "out.jsonl.gz", jsonl, jsonlSource);
testFileSink("jsonl, a directory", "out", jsonl, jsonlSource);
testFileSink("jsonl, a directory of small parts", "out", (path, options) => jsonl(path, { ...options, maxRowsPerFile: 1 }), jsonlSource);
testFileSink("csv, one file", "out.csv", csv, csvSource);
testFileSink("csv, a directory", "out", csv, csvSource);
testFileSink("parquet, one file", "out.parquet", parquet, parquetSource);
testFileSink("parquet, a directory", "out", parquet, parquetSource);
testFileSink("arrow, one file", "out.arrow", arrow, arrowSource);
testMemorySink("out.jsonl", jsonl, jsonlSource);
testMemorySink("out.csv.gz", csv, csvSource);
testMemorySink("out.parquet", parquet, parquetSource);
testMemorySink("out.arrows", arrow, arrowSource);

async function publishRows(sink: Datasink, published: readonly Row[]): Promise<void> {
  const writer = await sink.open(never);
  await writer.write(blockFromRows(published));
  await writer.publish(schemaOf(blockFromRows(published).columns));
}

async function collectRows(source: Datasource<unknown>): Promise<Row[]> {
  const found: Row[] = [];
  for await (const partition of source.partitions(never)) for await (const block of source.read(partition, { signal: never })) found.push(...blockRows(block));
  return found;
}

function jsonLines(text: string): unknown[] {
  return text.trim().split("\n").map((line) => JSON.parse(line) as unknown);
}
