import { featureExtraction, textClassification } from "@shoal/backend-transformers";
import type { Datasink } from "@shoal/core";
import type { Dataset, Job, PredictorSettings } from "@shoal/dataset";
import type { TextSettings } from "./settings.ts";

/** The text job over rows that were read: labels with scores, or vectors. */
export function predictText(rows: Dataset<{ id: number; text: string }>, { job, model, concurrency = 1, maxBatchCost = "auto" }: TextSettings, sink: Datasink): Pick<Job, "run"> {
  const settings: PredictorSettings = { concurrency, maxBatchCost };
  if (job === "encoder") return rows.mapBatches(featureExtraction({ model, input: "text", output: "vector" }), settings).to(sink);
  return rows.mapBatches(textClassification({ model, input: "text", output: "label", scoreOutput: "score" }), settings).to(sink);
}
