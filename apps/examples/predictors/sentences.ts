import { definePredictor, fromItems } from "shoal";

export const sentences = definePredictor<{ id: Float64Array; text: string[] }>()(import.meta, "sentences", {
  rows: "any",
  async *predict(batch) {
    for (const [at, text] of batch.text.entries()) {
      const sentence = text.split(/(?<=\.) /);
      yield { id: sentence.map(() => batch.id[at] as number), sentence };
    }
  },
});

export default fromItems([{ id: 1, text: "One. Two. Three." }, { id: 2, text: "Four." }])
  .mapBatches(sentences);
