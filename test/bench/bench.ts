// npm run bench [-- --quick] [--only start,text,images,overhead,overlap,memory,readers,runtimes,tab-overhead,journal,ledger,commits,engines,bytes,connections,share,two-workers] [--repeats 3] [--no-write]
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { findInputs, scratch } from "./inputs/inputs.ts";
import { bytes } from "./lines/bytes.ts";
import { commits } from "./lines/commits.ts";
import { connections } from "./lines/connections.ts";
import { engines } from "./lines/engines.ts";
import { imageJob } from "./lines/image-job.ts";
import { journal } from "./lines/journal.ts";
import { ledger } from "./lines/ledger.ts";
import { memory } from "./lines/memory.ts";
import { overhead } from "./lines/overhead.ts";
import { overlap } from "./lines/overlap.ts";
import { readers } from "./lines/readers.ts";
import { runtimes } from "./lines/runtimes.ts";
import type { Bench, Section } from "./lines/section.ts";
import { share as sharing } from "./lines/share.ts";
import { start } from "./lines/start.ts";
import { tabOverhead } from "./lines/tab-overhead.ts";
import { textJob } from "./lines/text-jobs.ts";
import { twoWorkers } from "./lines/two-workers.ts";
import { machine } from "./measure.ts";
import { lineTable, quantity, table, withResults } from "./table.ts";

const { values } = parseArgs({
  options: { quick: { type: "boolean", default: false }, only: { type: "string" }, repeats: { type: "string" }, "no-write": { type: "boolean", default: false } },
});
const share = values.quick ? 0.1 : 1;
const written = `${scratch}written/`;
mkdirSync(written, { recursive: true });
const bench: Bench = {
  inputs: findInputs(share),
  share,
  repeats: Number(values.repeats ?? (values.quick ? 1 : 3)),
  cores: availableParallelism(),
  file: (name) => `${written}${name}`,
  log: (text) => console.error(`${new Date().toISOString().slice(11, 19)}  ${text}`),
};
const { jobs } = bench.inputs;

const sections: Readonly<Record<string, () => Promise<Section>>> = {
  start: () => start(bench),
  text: async () => joined([await textJob(bench, jobs.sentiment), await textJob(bench, jobs.encoder)]),
  images: () => imageJob(bench, jobs.images),
  overhead: async () => joined([await overhead(bench, jobs.sentiment), await overhead(bench, jobs.encoder)]),
  overlap: () => overlap(bench),
  memory: () => memory(bench),
  readers: () => readers(bench),
  runtimes: () => runtimes(bench),
  "tab-overhead": async () => joined([await tabOverhead(bench, jobs.sentiment), await tabOverhead(bench, jobs.encoder)]),
  journal: () => journal(bench),
  ledger: () => ledger(bench),
  commits: () => commits(bench),
  engines: () => engines(bench),
  bytes: () => bytes(bench),
  connections: () => connections(bench),
  share: () => sharing(bench),
  "two-workers": () => twoWorkers(bench),
};

const loadBefore = loadavg()[0] ?? 0;
const wanted = values.only?.split(",") ?? Object.keys(sections);
const done: Section[] = [];
const failures: string[] = [];
for (const name of wanted) {
  const run = sections[name];
  if (run === undefined) throw new Error(`There is no section "${name}"; there are ${Object.keys(sections).join(", ")}.`);
  try {
    done.push(await run());
  } catch (error) {
    failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    bench.log(failures.at(-1) as string);
  }
}

const results = report(joined(done));
console.log(results);
if (!values["no-write"]) {
  const page = new URL("./README.md", import.meta.url);
  writeFileSync(page, withResults(readFileSync(page, "utf8"), results));
}
process.exitCode = failures.length > 0 ? 1 : 0;

function joined(all: readonly Section[]): Section {
  return { lines: all.flatMap(({ lines }) => lines), runs: all.flatMap(({ runs }) => runs) };
}

function report({ lines, runs }: Section): string {
  const rows = runs.map(({ measurement: one, distinct }) => [
    one.label, count(one.rows), count(one.said["predicted"] ?? one.rows), count(Math.min(distinct, one.rows)), one.seconds.toFixed(1), one.firstRow.toFixed(2),
    quantity(one.rowsPerSecond, ""), quantity(one.steady, ""), quantity(one.cpuSeconds, ""), quantity(one.peakMB, ""),
  ]);
  return [
    `${machine()}. Load before the first run ${loadBefore.toFixed(1)}. ${versions()}.`,
    `Inputs: ${bench.inputs.about}. \`npm run bench${process.argv.slice(2).length > 0 ? ` -- ${process.argv.slice(2).join(" ")}` : ""}\`; median of ${bench.repeats} where Shoal stands beside a hand-written loop.`,
    lineTable(lines),
    ...(failures.length === 0 ? [] : [`Not measured, because they failed:\n\n${failures.map((text) => `- ${text.split("\n")[0]}`).join("\n")}`]),
    "Every run: seconds of the whole process; rows/s over the whole process and after its first rows; memory is the proportional set size of all its processes.",
    table(["run", "rows out", "rows predicted", "distinct", "s", "first row s", "rows/s", "steady rows/s", "CPU s", "peak MB"], rows),
  ].join("\n\n");
}

function count(value: unknown): string {
  return Number(value).toLocaleString("en");
}

function versions(): string {
  const installed = (name: string): string => (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version;
  return `Node ${process.versions.node}, onnxruntime-node ${installed("onnxruntime-node")}, Shoal ${commit()}`;
}

function commit(): string {
  try {
    return `at ${execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim()}`;
  } catch {
    return "outside its repository";
  }
}
