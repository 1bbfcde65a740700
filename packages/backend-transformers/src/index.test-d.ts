import type { PredictorStep } from "@shoal/core";
import { expectTypeOf } from "expect-type";
import {
  featureExtraction, imageClassification, textClassification, textGeneration, tokenClassification,
  type ChatMessage, type EntityGroup, type LabelScore, type TokenEntity,
} from "./index.ts";

type Out<Step> = Step extends PredictorStep<never, infer Out, undefined, "adds"> ? Out : never;
type In<Step> = Step extends PredictorStep<infer In, unknown, undefined, "adds"> ? In : never;

const text = textGeneration({ model: "m", input: "prompt", output: "completion" });
expectTypeOf<Out<typeof text>>().toEqualTypeOf<{ completion: string }>();
expectTypeOf<In<typeof text>>().toEqualTypeOf<{ prompt: string | readonly ChatMessage[] }>();
const texts = textGeneration({ model: "m", input: "prompt", output: "completions", temperature: 1, numReturnSequences: 3 });
expectTypeOf<Out<typeof texts>>().toEqualTypeOf<{ completions: string[] }>();

const label = textClassification({ model: "m", input: "text", output: "label" });
expectTypeOf<Out<typeof label>>().branded.toEqualTypeOf<{ label: string }>();
const scored = textClassification({ model: "m", input: "text", output: "label", scoreOutput: "score" });
expectTypeOf<Out<typeof scored>>().branded.toEqualTypeOf<{ label: string; score: number }>();
const several = textClassification({ model: "m", input: "text", output: "labels", topK: 3 });
expectTypeOf<Out<typeof several>>().branded.toEqualTypeOf<{ labels: LabelScore[] }>();

const vector = featureExtraction({ model: "m", input: "text", output: "vector", normalize: true });
expectTypeOf<Out<typeof vector>>().toEqualTypeOf<{ vector: Float32Array }>();

const entities = tokenClassification({ model: "m", input: "text", output: "entities" });
expectTypeOf<Out<typeof entities>>().toEqualTypeOf<{ entities: TokenEntity[] }>();
const groups = tokenClassification({ model: "m", input: "text", output: "entities", aggregation: "simple" });
expectTypeOf<Out<typeof groups>>().toEqualTypeOf<{ entities: EntityGroup[] }>();

const image = imageClassification({ model: "m", input: "image", output: "label" });
expectTypeOf<Out<typeof image>>().branded.toEqualTypeOf<{ label: string }>();

// @ts-expect-error dtypes are a closed list
textGeneration({ model: "m", input: "prompt", output: "completion", dtype: "fp8" });
// @ts-expect-error the input column has to be named
featureExtraction({ model: "m", output: "vector" });
