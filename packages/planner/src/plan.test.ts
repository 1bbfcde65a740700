import { expect, test } from "vitest";
import { blockFromRows, type Datasource, type DeclarativePredictorSpec, type ModulePredictorSpec } from "@shoal/core";
import {
  defaultPredictorOptions, explain, logicalRules, plan, planFromJson, planToJson, type LogicalOperator, type PredictorOptions, type Read,
} from "./index.ts";

const options = { preserveOrder: true, onError: "fail" } as const;

function source(name = "items(3)", prunesColumns = false): Datasource {
  return {
    name, prunesColumns, resumable: true, spec: { format: "items", options: { name } },
    partitions: async function* () { yield { id: name, version: "1" }; },
    read: async function* () { yield blockFromRows([{ a: 1 }]); },
  };
}
const read = (name?: string, prunes?: boolean): Read => ({ kind: "read", source: source(name, prunes) });
const map = (input: LogicalOperator, name: string): LogicalOperator => ({ kind: "map", input, step: { name, run: (row) => row } });
const filter = (input: LogicalOperator, name: string): LogicalOperator => ({ kind: "filter", input, step: { name, run: () => true } });
const limit = (input: LogicalOperator, rows: number): LogicalOperator => ({ kind: "limit", input, rows });
const sentiment: DeclarativePredictorSpec = {
  kind: "declarative", name: "text-classification(sentiment)", backend: "transformers", task: "text-classification", model: "sentiment", options: {},
  reads: ["text"], adds: ["label"], costUnit: "tokens", phases: ["preprocess", "predict", "postprocess"],
};
const own: ModulePredictorSpec = {
  kind: "module", name: "score", module: "file:///job.ts", export: "score", args: null, batchFormat: "columns", rows: "same", stateful: false, phases: ["predict"],
};
const predict = (input: LogicalOperator, spec = sentiment as DeclarativePredictorSpec | ModulePredictorSpec, more: Partial<PredictorOptions> = {}): LogicalOperator =>
  ({ kind: "predict", input, spec, options: { ...defaultPredictorOptions, ...more } });

test("row functions are fused, a declarative predictor prunes the source, a limit goes below it", () => {
  const text = explain(plan(limit({ kind: "select", input: predict(read("parquet(in)", true)), columns: ["id", "label"] }, 20), options));
  expect(`\n${text}`).toBe(`
Logical plan
  limit 20
    select id, label
      predict text-classification(sentiment) [text] → [label], concurrency 1, batch auto, device auto
        read parquet(in)
Optimized (push-limit-down, prune-columns, split-predictor, recut-before-batches)
  select id, label
    predict text-classification(sentiment) [text] → [label], stages preprocess → predict → postprocess, concurrency 1, batch auto, device auto
      limit 20
        read parquet(in), columns id, text, limit 20
Physical plan
  project id, label
    actor-pool text-classification(sentiment) [text] → [label], stages preprocess → predict → postprocess, 1 actor, 1 CPU each, batch cost auto tokens, device auto, in order
      recut 32 to 1024 rows
        limit 20
          scan parquet(in), columns id, text, limit 20
Segments: what other machines can run
  text-classification(sentiment): any device, memory not stated, model sentiment; sends [text], gets [label]
Stays here
  scan parquet(in) because it reads the source
  limit 20 because it counts rows in their order
  recut because it cuts the blocks
  project because choosing columns costs nothing`);
});

test("an exact batch re-cuts to its multiples; a fitting repartition is left alone", () => {
  expect(explain(plan(predict(map(filter(read(), "keep"), "trim"), own, { batchSize: 100, concurrency: [1, 4] }), options)).split(/Physical plan\n|\nSegments/)[1]).toBe(
    `  actor-pool score (job.ts#score), 1 to 4 actors, 1 CPU each, batch 100, device auto, in order
    recut 100 to 1024 rows, multiples of 100
      row-functions filter keep() → map trim()
        scan items(3)`,
  );
  const repartitioned = plan(predict({ kind: "repartition", input: read(), rowsPerBlock: 10 }, own, { batchSize: 5 }), options).physical;
  expect(repartitioned).toMatchObject({ kind: "actor-pool", input: { kind: "recut", maxRows: 10, input: { kind: "scan" } } });
});

test("a limit does not pass a filter, nor a step that may leave rows out", () => {
  for (const step of [filter(read(), "keep"), predict(read(), sentiment, { onError: "skip" }), predict(read(), { ...own, rows: "any" }), predict(read(), { ...own, stateful: true })]) {
    expect(plan(limit(step, 5), options).optimized.kind).toBe("limit");
  }
  expect(plan(limit(predict(read()), 5), { ...options, onError: "skip" }).optimized.kind).toBe("limit");
});

test("limits merge and reach every branch of a union, once", () => {
  const { optimized } = plan(limit(limit({ kind: "union", inputs: [read("a"), map(read("b"), "f")] }, 9), 4), options);
  expect(optimized).toMatchObject({
    kind: "limit", rows: 4,
    input: { kind: "union", inputs: [{ kind: "limit", rows: 4, input: { limit: 4 } }, { kind: "map", input: { kind: "limit", rows: 4, input: { limit: 4 } } }] },
  });
});

test("pruning asks for renamed and dropped columns by their old names", () => {
  const { optimized } = plan(
    { kind: "select", columns: ["body"], input: { kind: "rename", names: { text: "body" }, input: { kind: "drop", columns: ["junk"], input: read("p", true) } } }, options,
  );
  expect(JSON.stringify(optimized)).toContain('"columns":["junk","text"]');
});

test("a rule that changes nothing returns the very plan it was given", () => {
  const settled = plan(limit({ kind: "select", input: predict(read("p", true)), columns: ["label"] }, 3), options).optimized;
  for (const rule of logicalRules) expect(rule.apply(settled)).toBe(settled);
});

test("a stateful predictor has one actor, source order and no packing", () => {
  const { physical } = plan(predict(read(), { ...own, stateful: true, costUnit: "cost" }, { concurrency: 8 }), { ...options, preserveOrder: false });
  expect(physical).toMatchObject({ minActors: 1, maxActors: 1, preserveOrder: true, policy: { bisect: false } });
  expect(physical).not.toHaveProperty("policy.maxBatchCost");
});

test('rows: "any" with onError: "null" is refused before anything runs', () => {
  expect(() => plan(predict(read(), { ...own, rows: "any" }, { onError: "null" }), options)).toThrow(expect.objectContaining({ code: "null-with-any-rows" }) as Error);
});

test("a plan without closures survives JSON; a closure says how to make it travel", () => {
  const before = limit(predict({ kind: "union", inputs: [read("a"), read("b")] }), 3);
  const json = JSON.parse(JSON.stringify(planToJson(before))) as never;
  const after = planFromJson(json, (spec) => source((spec.options as { name: string }).name));
  expect(explain(plan(after, options))).toBe(explain(plan(before, options)));
  expect(() => planToJson(map(read(), "trim"))).toThrow(/"map trim\(\)" is a closure[^]*definePredictor/);
});
