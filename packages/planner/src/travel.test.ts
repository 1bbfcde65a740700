import { expect, test } from "vitest";
import { blockFromRows, type Datasource, type DeclarativePredictorSpec, type ModulePredictorSpec, type PredictorSpec } from "@shoal/core";
import { defaultPredictorOptions, explainTravel, plan, segmentPlan, travel, type LogicalOperator, type PhysicalOperator, type PredictorOptions } from "./index.ts";

const source: Datasource = {
  name: "items(3)", prunesColumns: false, resumable: true,
  partitions: async function* () { yield { id: "items", version: "1" }; },
  read: async function* () { yield blockFromRows([{ a: 1 }]); },
};
const read: LogicalOperator = { kind: "read", source };
const named = (name: string, change: Partial<DeclarativePredictorSpec> = {}): DeclarativePredictorSpec => ({
  kind: "declarative", name, backend: "transformers", task: "text-classification", model: "org/model", options: {}, reads: ["text"], adds: ["label"], phases: ["predict"], ...change,
});
const own: ModulePredictorSpec = {
  kind: "module", name: "score", module: "file:///jobs/job.ts", export: "score", args: null, batchFormat: "columns", rows: "same", stateful: false, phases: ["predict"],
};
const predict = (input: LogicalOperator, spec: PredictorSpec, options: Partial<PredictorOptions> = {}): LogicalOperator =>
  ({ kind: "predict", input, spec, options: { ...defaultPredictorOptions, ...options } });
const trim = (input: LogicalOperator): LogicalOperator => ({ kind: "map", input, step: { name: "trim", run: (row) => row } });
const physical = (logical: LogicalOperator): PhysicalOperator => plan(logical, { preserveOrder: true, onError: "fail" }).physical;

test("each model is a segment of its own, with what it needs; closures between them stay", () => {
  const two = physical(trim(predict(trim(predict(read, named("small", { model: "file:///models/small/" }))), named("large", { reads: ["label"], adds: ["story"] }), { device: "cuda", memory: 2 ** 30 })));
  expect(travel(two).segments.map(({ name }) => name)).toEqual(["small", "large"]);
  expect(`\n${explainTravel(two)}`).toBe(`
Segments: what other machines can run
  small: any device, memory not stated, model small; sends [text], gets [label]
  large: device cuda, memory 1024 MiB, model model; sends [label], gets [story]
Stays here
  scan items(3) because it reads the source
  recut because it cuts the blocks
  map trim() because a closure can't leave the process that it was written in; to let it travel, make it a predictor with definePredictor<…>()(import.meta, "name", { predict })`);
});

test("a plan of which nothing travels says so, and why, step by step", () => {
  const nothing = physical(predict(predict(trim(read), own), { ...own, name: "counter", stateful: true }));
  expect(travel(nothing).segments).toEqual([]);
  expect(`\n${explainTravel(nothing)}`).toBe(`
Segments: other machines can run nothing of this
Stays here
  scan items(3) because it reads the source
  map trim() because a closure can't leave the process that it was written in; to let it travel, make it a predictor with definePredictor<…>()(import.meta, "name", { predict })
  recut because it cuts the blocks
  score because it is a predictor of your own, and goes as code only with --code (in a program, connect(link, { code: true }))
  counter because it is stateful: it remembers from batch to batch, in one place and in order`);
});

test("a predictor of one's own travels where code may go, one with a memory never", () => {
  const score = physical(predict(read, own));
  expect(travel(score, { code: true }).segments).toMatchObject([{ name: "score" }]);
  expect(explainTravel(score, { code: true })).toContain("  score: any device, memory not stated, code job.ts#score; sends and gets whole rows");
  expect(travel(physical(predict(read, { ...own, stateful: true })), { code: true }).segments).toEqual([]);
});

test("a segment's plan is the stage without its input, as JSON", () => {
  const [segment] = travel(physical(predict(read, named("small")))).segments;
  const json = JSON.parse(JSON.stringify(segmentPlan((segment as NonNullable<typeof segment>).stage))) as object;
  expect(json).toMatchObject({ kind: "actor-pool", spec: { name: "small" }, policy: { batchSize: "auto" } });
  expect(json).not.toHaveProperty("input");
});
