import { requireColumn, tensorColumn, type Predictor } from "@shoal/core";
import type { TaskContext } from "../backend.ts";
import { classifiedBlock } from "../encoder/label-scores.ts";
import { loadEncoder } from "../encoder/load-encoder.ts";
import type { ClassificationSettings } from "../text-classification.ts";

const logitsColumn = "shoal:logits";

export function loadTextClassification(context: TaskContext): Promise<Predictor> {
  const settings = context.spec.options as ClassificationSettings;
  return loadEncoder(context, ({ config }) => ({
    input: settings.input,
    outputs: ["logits"],
    columns: ({ data, shape }) => ({ [logitsColumn]: tensorColumn(data, [shape.at(-1) as number]) }),
    postprocess: (block) => classifiedBlock(block, requireColumn(block, logitsColumn), settings, config),
  }));
}
