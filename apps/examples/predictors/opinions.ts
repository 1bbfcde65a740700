import { definePredictor, fromItems } from "shoal";
import { sentiment } from "shoal/tiny-models";
import { loadPredictor, textClassification } from "shoal/transformers";

export const opinions = definePredictor<{ text: string[] }>()(import.meta, "opinions", {
  setup: (actor) => loadPredictor(textClassification({ model: sentiment, input: "text", output: "label" }), actor),
  predict: async (batch, classify) => {
    const { label } = await classify({ text: batch.text.map((text) => text.toLowerCase()) });
    return { ...batch, label };
  },
  dispose: (classify) => classify[Symbol.asyncDispose](),
});

export default fromItems([{ text: "I LOVED THIS FILM" }, { text: "The food was terrible" }])
  .mapBatches(opinions);
