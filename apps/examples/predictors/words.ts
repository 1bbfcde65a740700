import { definePredictor, fromItems } from "shoal";

export const words = definePredictor<{ text: string[] }>()(import.meta, "words", {
  predict: (batch) => ({ ...batch, words: batch.text.map((text) => text.split(" ").length) }),
});

export default fromItems([{ id: 1, text: "one two three" }, { id: 2, text: "four" }])
  .mapBatches(words, { concurrency: 2 });
