import { featureExtraction, textClassification } from "@shoal/backend-transformers";
import type { Datasink } from "@shoal/core";
import type { Dataset, Job, PredictorSettings } from "@shoal/dataset";
import type { TextSettings } from "./settings.ts";

/** The text job over rows that were read: labels with scores, or vectors. */
export function predictText(rows: Dataset<{ id: number; text: string }>, given: Omit<TextSettings, "path" | "out">, sink: Datasink): Pick<Job, "run"> {
  const { job, model, concurrency = 1, maxBatchCost = "auto", device = "auto" } = given;
  const settings: PredictorSettings = { concurrency, maxBatchCost, device };
  if (job === "encoder") return rows.mapBatches(featureExtraction({ model, input: "text", output: "vector" }), settings).to(sink);
  return rows.mapBatches(textClassification({ model, input: "text", output: "label", scoreOutput: "score" }), settings).to(sink);
}
