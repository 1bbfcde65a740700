import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Dataset, Job, range } from "shoal";
import * as shoal from "shoal";
import * as agent from "shoal/agent";
import * as cluster from "shoal/cluster";
import * as onnx from "shoal/onnx";
import * as tinyModels from "shoal/tiny-models";
import * as transformers from "shoal/transformers";
import { defaultPredictorOptions } from "@shoal/planner";
import { expect, test } from "vitest";
import { anchorsOf } from "./anchors.ts";
import { workspace } from "./workspace.ts";

const folder = join(workspace, "packages/shoal");
const page = readFileSync(join(folder, "API.md"), "utf8");
/** Every name that stands in code, as `readCsv` of `` `readCsv(paths, options?)` `` and `take` of `` `.take(n)` ``. */
const named = new Set([...page.matchAll(/`([^`\n]+)`/g)].flatMap(([, code = ""]) => [...code.matchAll(/\.?[A-Za-z]\w*/g)].map(([name]) => name)));

test.each(Object.entries({ shoal, agent, cluster, onnx, tinyModels, transformers }))("the page of the API names every export of %s", (_name, exports) => {
  expect(Object.keys(exports).filter((name) => !named.has(name))).toEqual([]);
});

test("and every type", () => {
  const sources = ["index", "agent/index", "cluster/index", "transformers", "onnx", "tiny-models"].map((name) => readFileSync(join(folder, `src/${name}.ts`), "utf8")).join("\n");
  const types = [...sources.matchAll(/export type \{([^}]*)\}|\btype (\w+)/g)].flatMap(([, list, one]) => (list ?? one ?? "").split(",").map((name) => name.trim()).filter(Boolean));
  expect(types.length).toBeGreaterThan(20);
  expect(types.filter((name) => !named.has(name))).toEqual([]);
});

test("and every method of a dataset and a job", () => {
  const methods = Object.getOwnPropertyNames(Dataset.prototype).filter((name) => name !== "constructor");
  expect(methods).toEqual(expect.arrayContaining(["mapBatches", "writeParquet"]));
  expect(methods.filter((name) => !named.has(`.${name}`))).toEqual([]);
  expect(Object.getOwnPropertyNames(Job.prototype).filter((name) => name !== "constructor" && !named.has(`.${name}`))).toEqual([]);
});

test("and every setting that has a default, with it", () => {
  for (const [name, value] of Object.entries(defaultPredictorOptions)) {
    const row = page.split("\n").find((line) => new RegExp(`^\\|[^|]*\`${name}\``).test(line));
    expect({ name, row }).toEqual({ name, row: expect.stringContaining(JSON.stringify(value)) as string });
  }
});

test("and nothing that is not there", () => {
  const exports = new Set([shoal, agent, cluster, onnx, tinyModels, transformers].flatMap((module) => Object.keys(module)));
  const dataset = range(1) as object;
  // Of each row its first cell, where functions and methods stand.
  const cells = page.split("\n").filter((line) => /^\| [`.]/.test(line)).map((line) => line.split(" | ")[0] as string);
  const calls = cells.flatMap((cell) => [...cell.matchAll(/`(\.?\w+)(?:<\w+>)?\(/g)].map(([, name]) => name as string));
  expect(calls.length).toBeGreaterThan(60);
  expect(calls.filter((name) => (name.startsWith(".") ? !(name.slice(1) in dataset) : !exports.has(name)))).toEqual([]);
});

test.each(["API.md", "PREDICTORS.md", "REPORTS.md", "README.md", "../../README.md", "../io/README.md", "../backend-transformers/README.md"])("the links of %s lead somewhere", (name) => {
  const links = [...readFileSync(join(folder, name), "utf8").matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link as string).filter((link) => !/^\w+:/.test(link));
  const broken = links.filter((link) => {
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? join(folder, name) : join(dirname(join(folder, name)), path);
    return !existsSync(target) || (anchor !== undefined && !anchorsOf(readFileSync(target, "utf8")).has(anchor));
  });
  expect(broken).toEqual([]);
});
