// The main job: prompts read from files, completed by a GPT-2-architecture model in two actors, written to Parquet.
import { fileURLToPath } from "node:url";
import { parquet, readJsonl } from "shoal";
import { storyteller } from "shoal/tiny-models";
import { textGeneration } from "shoal/transformers";

const prompts = fileURLToPath(new URL("./prompts/*.jsonl", import.meta.url));

export default readJsonl<{ prompt: string }>(prompts)
  .mapBatches(textGeneration({ model: storyteller, input: "prompt", output: "completion", maxNewTokens: 20 }), { concurrency: 2 })
  .to(parquet("out/quickstart", { mode: "overwrite" }));
