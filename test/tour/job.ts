// Part A of the tour: a declarative predictor, pure data.
import { parquet, readJsonl } from "shoal";
import { storyteller } from "shoal/tiny-models";
import { textGeneration } from "shoal/transformers";

export default readJsonl<{ prompt: string }>("prompts/*.jsonl")
  .mapBatches(textGeneration({ model: storyteller, input: "prompt", output: "completion", maxNewTokens: 20 }), { concurrency: 2, device: "auto" })
  .to(parquet("out/stories/"));
