import { fileURLToPath } from "node:url";
import { parquet, readJsonl } from "shoal";
import { textGeneration } from "shoal/transformers";
import { storyteller } from "shoal/tiny-models";

const openings = ["", "Once upon a time, ", "One day, ", "In the morning, ", "Far away, ", "At night, ", "That summer, ", "Suddenly, "];

/** 96,000 stories, 160 for each of the quickstart's prompts: some minutes of work, so that there is time to join. */
export default readJsonl<{ prompt: string }>(fileURLToPath(new URL("../quickstart/prompts/", import.meta.url)))
  .flatMap(({ prompt }) => openings.flatMap((opening) => Array.from({ length: 20 }, (_, telling) => ({ telling, prompt: `${opening}${prompt}` }))))
  .mapBatches(textGeneration({ model: storyteller, input: "prompt", output: "story", maxNewTokens: 60, temperature: 0.8, seedColumn: "telling" }), { concurrency: 8 })
  .to(parquet("out/many-machines/", { mode: "overwrite" }));
