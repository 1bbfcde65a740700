// The predictors of one's own in the story.
import { definePredictor, ShoalError } from "shoal";
import { endThisActor, isFirstTime } from "./actor-end.ts";

/** Refuses texts that say nothing; over the text "the end" its actor ends, the first time. `mark` is a file that remembers whether it did. */
export const measured = definePredictor<{ text: string[] }>()(import.meta, "measured", {
  setup: (_actor, { mark }: { readonly mark: string }) => ({ mark }),
  predict: async (batch, { mark }) => {
    if (batch.text.includes("the end") && (await isFirstTime(mark))) await endThisActor();
    if (batch.text.some((text) => text.trim() === "")) throw new ShoalError("empty-text", "A text says nothing.", { failure: "row", hint: "Leave it out." });
    return { ...batch, length: batch.text.map((text) => text.length) };
  },
});
