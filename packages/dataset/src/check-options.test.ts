import { expect, test } from "vitest";
import { definePredictor, type Datasource } from "@shoal/core";
import { dataset, type DatasetRuntime } from "./index.ts";

const source: Datasource<{ n: number }> = {
  name: "none", resumable: true, prunesColumns: false,
  async *partitions() {},
  async *read() {},
};
const rows = dataset(source, {} as DatasetRuntime);
const same = definePredictor<{ n: Float64Array }>()(import.meta, "same", { predict: (batch) => batch });
const withArgs = definePredictor<{ n: Float64Array }>()(import.meta, "withArgs", { setup: (_actor, args: { k: number }) => args, predict: (batch) => batch });

// What TypeScript would refuse comes from JavaScript all the same.
test.each([
  [{ batchsize: 3 }, /no option "batchsize" for predictors\.\n {2}→ Write batchSize\./],
  [{ onError: "dead-letter" }, /onError: "dead-letter" is none of "fail", "skip", "null", "deadLetter"/],
  [{ batchSize: 0 }, /batchSize: 0/],
  [{ batchSize: 1.5 }, /batchSize: 1.5/],
  [{ batchSize: "x" }, /batchSize: x/],
  [{ concurrency: 0 }, /concurrency: 0/],
  [{ concurrency: null }, /concurrency: null is neither/],
  [{ concurrency: [3, 2] }, /concurrency\[1\]: 2/],
  [{ device: "gpu" }, /device: "gpu" is none of/],
  [{ timeoutMs: -1 }, /timeoutMs: -1/],
  [{ timeoutMs: "5s" }, /timeoutMs: "5s"/],
  [{ recycleAfterBatches: 0 }, /recycleAfterBatches: 0/],
  [{ maxBatchRows: -5 }, /maxBatchRows: -5/],
  [{ batchFormat: "rows" }, /no option "batchFormat" for predictors[^]*where it is defined/],
])("%o is refused at once", (options, message) => {
  expect(() => rows.mapBatches(same, options as never)).toThrow(expect.objectContaining({ code: "bad-option", message: expect.stringMatching(message) as string }) as Error);
});

test.each([
  [{ concurrency: 4 }, /no option "concurrency" for functions, which run on this thread and in no actor[^]*definePredictor/],
  [{ batchsize: 4 }, /no option "batchsize" for functions\.\n {2}→ Write batchSize\./],
  [{ colour: 4 }, /The options are batchSize, batchFormat, onError, version\./],
])("with a function %o is refused", (options, message) => {
  expect(() => rows.mapBatches((batch) => batch, options as never)).toThrow(expect.objectContaining({ code: "bad-option", message: expect.stringMatching(message) as string }) as Error);
});

test.each([[{ k: () => 1 }, "args.k"], [{ k: new Map() }, "args.k (a Map)"], [{ k: Number.NaN }, "args.k"]])("arguments must be JSON: %o", (args, where) => {
  expect(() => rows.mapBatches(withArgs, { args: args as never })).toThrow(where);
});

test("batches of nothing are refused rather than given for ever", () => {
  expect(() => rows.iterBatches({ batchSize: 0 })).toThrow(/batchSize: 0/);
});

test("plans are frozen to their last array", () => {
  const { plan } = rows.select("n").rename({ n: "m" });
  expect(Object.isFrozen(plan) && Object.isFrozen((plan as { names: object }).names) && Object.isFrozen((plan as unknown as { input: { columns: object } }).input.columns)).toBe(true);
});
