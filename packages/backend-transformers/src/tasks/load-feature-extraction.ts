import { columnFromValues, tensorColumn, type Column, type Predictor } from "@shoal/core";
import type { TaskContext } from "../backend.ts";
import { unsupported } from "../decode/cache-ports.ts";
import { loadEncoder } from "../encoder/load-encoder.ts";
import { normalizeRows, pool, tokenVectors } from "../encoder/pool.ts";
import type { FeatureExtractionSettings } from "../feature-extraction.ts";

export function loadFeatureExtraction(context: TaskContext): Promise<Predictor> {
  const { name } = context.spec;
  const { input, output, pooling = "mean", normalize = false } = context.spec.options as FeatureExtractionSettings;
  return loadEncoder(context, () => ({
    input,
    outputs: ["last_hidden_state", "logits", "token_embeddings", "sentence_embedding"],
    columns: ({ data, shape, width }, ids): Record<string, Column> => {
      const size = shape.at(-1) as number;
      if (shape.length !== 2 && shape.length !== 3) throw unsupported(name, `its output has ${shape.length} axes instead of rows, tokens and width`);
      if (shape.length === 3 && pooling === "none") {
        const vectors = tokenVectors(data, size, width, ids.map((own) => own.length));
        if (normalize) for (const own of vectors) normalizeRows(own, size);
        return { [output]: columnFromValues(vectors, { kind: "list", element: "float32" }) };
      }
      // A graph with two axes has pooled already.
      const vectors = shape.length === 2 || pooling === "none" ? data : pool(data, size, width, ids.map((own) => own.length), pooling);
      if (normalize) normalizeRows(vectors, size);
      return { [output]: tensorColumn(vectors, [size]) };
    },
  }));
}
