import { definePredictor, fromItems, type ActorContext } from "shoal";

class Mark {
  readonly #mark: string;

  constructor(args: { mark: string }, actor: ActorContext) {
    this.#mark = args.mark;
    actor.log.info(`marks with ${args.mark} on ${actor.device}`);
  }

  predict(batch: { text: string[] }) {
    return { ...batch, marked: batch.text.map((text) => text + this.#mark) };
  }
}

export const mark = definePredictor<{ text: string[] }>()(import.meta, "mark", Mark);

export default fromItems([{ text: "well" }, { text: "done" }])
  .mapBatches(mark, { args: { mark: "!" } });
