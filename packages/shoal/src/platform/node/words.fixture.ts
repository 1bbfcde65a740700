import { definePredictor, fromItems } from "shoal";
import { plural } from "./plural.fixture.ts";

/** Beside a predictor there may stand the job that uses it: in an actor it does not run. */
export default fromItems([{ text: "a" }]).map((row) => row);

export const words = definePredictor<{ text: string[] }>()(import.meta, "words", {
  setup: (_actor, args: { least: number }) => args,
  predict: (batch, { least }) => ({ ...batch, words: batch.text.map((text) => plural(Math.max(least, text.split(" ").length), "word")) }),
});
