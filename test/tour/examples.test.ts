// The predictors of one's own that the documentation shows, run in actors.
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Dataset } from "shoal";
import { expect, test } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));

/** What an example exports: as `default` the dataset it makes. They are type-checked as the project they are. */
function example<Exports = { readonly default: Dataset }>(name: string): Promise<Exports> {
  return import(`${root}apps/examples/predictors/${name}.ts`) as Promise<Exports>;
}

test("the object form, found by importing its module or served by a worker entry", async () => {
  const expected = [{ id: 1, text: "one two three", words: 3 }, { id: 2, text: "four", words: 1 }];
  const { default: words } = await example("words");
  const { countWords } = await example<{ readonly countWords: () => Promise<unknown> }>("service");
  expect(await words.takeAll()).toEqual(expected);
  expect(await countWords()).toEqual(expected);
});

test("the class form, with arguments", async () => {
  const { default: mark } = await example("mark");
  expect(await mark.takeAll()).toEqual([{ text: "well", marked: "well!" }, { text: "done", marked: "done!" }]);
});

test("every phase, and a model beside the module", async () => {
  const { default: vowels } = await example("vowels");
  expect(await vowels.takeAll()).toEqual([{ id: 1, text: "banana", score: 3, vocal: false }, { id: 2, text: "noon", score: 2000, vocal: true }]);
  expect(vowels.explain()).toMatch(/stages preprocess → predict → postprocess, .* batch cost 4096 cost/);
});

test("rows: a bad one is found, and skipped", async () => {
  const { default: parsed } = await example("parsed");
  expect((await parsed.takeAll()).map((row) => row.name)).toEqual(["Ada", "Grace"]);
  expect(parsed.runStats()).toMatchObject({ failedRows: 1 });
});

test("a generator that changes the number of rows", async () => {
  const { default: sentences } = await example("sentences");
  expect(await sentences.takeAll()).toEqual([[1, "One."], [1, "Two."], [1, "Three."], [2, "Four."]].map(([id, sentence]) => ({ id, sentence })));
});

test("state that goes from batch to batch", async () => {
  const { default: running } = await example("running");
  expect((await running.takeAll()).map((row) => row.total)).toEqual([0, 1, 3, 6, 10]);
});

test("a model inside a predictor of one's own", async () => {
  const { default: opinions } = await example("opinions");
  expect((await opinions.takeAll()).map((row) => row.label)).toEqual(["POSITIVE", "NEGATIVE"]);
});

test("a service: one long run answers requests, one by one and many at once", async () => {
  interface Labels {
    readonly labelOf: (text: string) => Promise<string>;
    readonly answer: (signal: AbortSignal) => Promise<void>;
  }
  const { labelOf, answer } = await example<Labels>("labels");
  const controller = new AbortController();
  const answered = answer(controller.signal);
  expect(await labelOf("I loved this film")).toBe("POSITIVE");
  expect(await Promise.all(["The food was terrible", "so good"].map(labelOf))).toEqual(["NEGATIVE", "POSITIVE"]);
  controller.abort();
  await expect(answered).rejects.toThrow(/aborted/);
});

test("rows that end or hang their actor are found, and skipped", async () => {
  const { default: fragile } = await example("fragile");
  expect(await fragile.takeAll()).toEqual([{ id: 0 }, { id: 1 }]);
  expect(fragile.runStats()?.stages.at(-1)).toMatchObject({ skipped: 2, deadLettered: 0 });
});

test("the tsconfig.json that the documentation shows accepts the examples", { timeout: 60_000 }, async () => {
  const page = await readFile(join(root, "packages/shoal/PREDICTORS.md"), "utf8");
  const shown = JSON.parse(/^```json\n(.*?)^```/ms.exec(page)?.[1] as string) as { compilerOptions: object };
  // Inside the workspace, so that packages are found, there in their sources.
  await mkdir(join(root, "test/out"), { recursive: true });
  await using app = await temporaryFolder(join(root, "test/out/tsconfig-"));
  await cp(join(root, "apps/examples/predictors"), app.path, { recursive: true });
  await writeFile(join(app.path, "package.json"), `{ "type": "module" }`);
  const tsc = async (compilerOptions: object): Promise<string> => {
    // What else is said is for the sources of the packages, which no user compiles.
    const extra = { customConditions: ["@shoal/source"], skipLibCheck: true, lib: ["es2023", "esnext.disposable", "webworker"], exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
    await writeFile(join(app.path, "tsconfig.json"), JSON.stringify({ compilerOptions: { ...compilerOptions, ...extra }, include: ["*.ts"] }));
    return run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", app.path]).then(({ stdout }) => stdout, (error: { stdout: string }) => error.stdout);
  };
  expect(await tsc(shown.compilerOptions)).toBe("");
  expect(await tsc({ ...shown.compilerOptions, allowImportingTsExtensions: false })).toContain("TS5097");
});

async function temporaryFolder(prefix: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(prefix);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test.each([
  ["packages/shoal/PREDICTORS.md", "apps/examples/predictors"],
  ["packages/shoal/REPORTS.md", "apps/examples/reports"],
  ["packages/io/README.md", "test/conformance/formats"],
])("the code in %s stands in %s", async (page, folder) => {
  const sources = await Promise.all((await readdir(join(root, folder))).filter((name) => name.endsWith(".ts")).map((name) => readFile(join(root, folder, name), "utf8")));
  const blocks = [...(await readFile(join(root, page), "utf8")).matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code as string);
  expect(blocks.length).toBeGreaterThan(0);
  expect(blocks.filter((code) => !sources.some((source) => source.includes(code)))).toEqual([]);
});

test("a run that is shared by a program, as the page of the API has it", { timeout: 120_000 }, async () => {
  const { labelTogether } = (await import(`${root}apps/examples/many-machines/in-code.ts`)) as { readonly labelTogether: (tell: (link: string) => void) => Promise<readonly { readonly label: string }[]> };
  const links: string[] = [];
  expect((await labelTogether((link) => void links.push(link))).map(({ label }) => label)).toEqual(["POSITIVE", "NEGATIVE"]);
  expect(links).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/#[\w-]{52}$/) as string]);
  expect(await readFile(`${root}packages/shoal/API.md`, "utf8")).toContain(await readFile(`${root}apps/examples/many-machines/in-code.ts`, "utf8"));
});
