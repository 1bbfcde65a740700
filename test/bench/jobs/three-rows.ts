// A job of three rows with a model that ships with Shoal: how soon is the first row there?
import { fromItems } from "shoal";
import { textClassification, textGeneration } from "shoal/transformers";
import { sentiment, storyteller } from "shoal/tiny-models";

const { task } = JSON.parse(process.argv[2] as string) as { task: "classify" | "generate" };
const items = fromItems([{ text: "I loved this film" }, { text: "The food was terrible" }, { text: "A kind waiter" }]);
const rows: AsyncIterable<object> = task === "classify"
  ? items.mapBatches(textClassification({ model: sentiment, input: "text", output: "label" }))
  : items.mapBatches(textGeneration({ model: storyteller, input: "text", output: "story", maxNewTokens: 20 }));
let first: number | undefined;
let count = 0;
for await (const _ of rows) {
  first ??= Date.now() / 1000;
  count++;
}
console.log(JSON.stringify({ t_first: first, n_first: 1, t_end: Date.now() / 1000, rows: count }));
