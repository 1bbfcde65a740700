import { columnFromValues, tensorColumn, type Column, type Predictor } from "@shoal/core";
import type { TaskContext } from "../backend.ts";
import { shortName } from "../declarative-step.ts";
import { unsupported } from "../decode/cache-ports.ts";
import { checkHiddenStates } from "../encoder/check-hidden-states.ts";
import { loadEncoder } from "../encoder/load-encoder.ts";
import { normalizeRows, tokenVectors } from "../encoder/token-vectors.ts";
import type { FeatureExtractionSettings } from "../feature-extraction.ts";

export function loadFeatureExtraction(context: TaskContext): Promise<Predictor> {
  const { name } = context.spec;
  const { input, output, pooling = "mean", normalize = false } = context.spec.options as FeatureExtractionSettings;
  return loadEncoder(context, ({ config, outputs }) => {
    checkHiddenStates(outputs, config, shortName(context.spec.model));
    return {
      input,
      outputs: ["last_hidden_state", "logits", "token_embeddings", "sentence_embedding"],
      pooling: pooling === "none" ? undefined : pooling === "cls" ? "first" : pooling,
      columns: ({ data, shape, width }, ids): Record<string, Column> => {
        const size = shape.at(-1) as number;
        if (shape.length !== 2 && shape.length !== 3) throw unsupported(name, `its output has ${shape.length} axes instead of rows, tokens and width`);
        if (shape.length === 3) {
          const vectors = tokenVectors(data, size, width, ids.map((own) => own.length));
          if (normalize) for (const own of vectors) normalizeRows(own, size);
          return { [output]: columnFromValues(vectors, { kind: "list", element: "float32" }) };
        }
        if (normalize) normalizeRows(data, size);
        return { [output]: tensorColumn(data, [size]) };
      },
    };
  });
}
