import { blockFromRows, blockRows, definePredictor, type ActorContext, type Block } from "@shoal/core";
import { expect, test } from "vitest";
import { servedLoader } from "./served-predictors.ts";

const times = (url: string, k: number) =>
  definePredictor<{ n: Float64Array }>()({ url }, "times", { predict: (batch) => ({ ...batch, by: batch.n.map((value) => k * value) }) });

const double = times("file:///double.ts", 2);
const triple = times("file:///triple.ts", 3);

async function predicted(served: Parameters<typeof servedLoader>[0], module: string): Promise<unknown[]> {
  const predictor = await servedLoader(served, [])({ ...double.spec, module } as typeof double.spec, {} as ActorContext);
  return [...blockRows((await predictor.predict(blockFromRows([{ n: 1 }]), new AbortController().signal)) as Block)];
}

test("a predictor is found by its name, whatever a bundler made of its URL", async () => {
  expect(await predicted({ triple }, "file:///dist/main.js")).toEqual([{ n: 1, by: 3 }]);
});

test("two of one name are told apart by their modules, and are refused where a bundle hides those", async () => {
  expect(await predicted({ double, triple }, "file:///double.ts")).toEqual([{ n: 1, by: 2 }]);
  expect(await predicted({ double, triple }, "file:///triple.ts")).toEqual([{ n: 1, by: 3 }]);
  await expect(predicted({ double, triple }, "file:///dist/main.js")).rejects.toMatchObject({ code: "predictor-name-taken" });
});
