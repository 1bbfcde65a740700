import type { ActorHost, PredictorSpec } from "@shoal/core";
import type { SegmentPlan } from "@shoal/planner";
import { expect, test } from "vitest";
import { prepareStagePool } from "./open-actor-pool.ts";

const spec: PredictorSpec = { kind: "declarative", name: "sentiment", backend: "transformers", task: "text-classification", model: "./model", reads: ["text"], adds: ["label"], phases: ["preprocess", "predict", "postprocess"], options: {} };
const stage = (change: Partial<SegmentPlan> = {}): SegmentPlan => ({ spec, minActors: 4, maxActors: 4, numCpus: 1, numGpus: 0, memory: 0, ...change }) as SegmentPlan;
const resources = { cpus: 2, gpus: 0, memory: 2 ** 30 };

function preparedBy(stage: SegmentPlan): readonly (readonly [string, number])[] {
  const prepared: [string, number][] = [];
  const host = { name: "fake", prepare: ({ name }: PredictorSpec, actors: number) => void prepared.push([name, actors]) } as ActorHost;
  prepareStagePool(stage, { host, resources });
  return prepared;
}

test("as many actors begin to start as the pool will have, and none where it does not fit: the pool says so", () => {
  expect(preparedBy(stage())).toEqual([["sentiment", 2]]);
  expect(preparedBy(stage({ minActors: 1, maxActors: 4 }))).toEqual([["sentiment", 1]]);
  expect(preparedBy(stage({ numGpus: 1 }))).toEqual([]);
});

test("a host where nothing can be had ahead is left alone", () => {
  expect(() => prepareStagePool(stage(), { host: { name: "fake" } as ActorHost, resources })).not.toThrow();
});
