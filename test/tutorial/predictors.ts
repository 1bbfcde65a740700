// The predictors of the tutorial's cells. Actors find them by importing this module.
import { createHash } from "node:crypto";
import { definePredictor, type ActorContext } from "shoal";
import { storyteller } from "shoal/tiny-models";
import { loadPredictor, textGeneration, type LoadedPredictor } from "shoal/transformers";

const generation = textGeneration({ model: storyteller, input: "data", output: "output", maxLength: 20, returnFullText: true });

/** Cell 1: the model is loaded once per actor and used for each of its batches. */
export const completer = definePredictor<{ data: string[] }>()(
  import.meta,
  "completer",
  class {
    #model: LoadedPredictor<typeof generation> | undefined;
    readonly #actor: ActorContext;

    constructor(_args: undefined, actor: ActorContext) {
      this.#actor = actor;
    }

    async setup(): Promise<void> {
      this.#model = await loadPredictor(generation, this.#actor);
    }

    async predict(batch: { data: string[] }) {
      const { output } = await (this.#model as LoadedPredictor<typeof generation>)(batch);
      return { ...batch, output, actor: batch.data.map(() => process.pid) };
    }
  },
);

const short = textGeneration({ model: storyteller, input: "data", output: "output", maxNewTokens: 3 });

/** Cell 2: also says which actor had the row and how many rows came with it. */
export const counting = definePredictor<{ data: string[] }>()(import.meta, "counting", {
  setup: (actor) => loadPredictor(short, actor),
  predict: async (batch, model) => {
    const { output } = await model(batch);
    return { ...batch, output, actor: batch.data.map(() => process.pid), batchRows: batch.data.map(() => batch.data.length), completed: batch.data.map(() => Date.now()) };
  },
});

/** Cell 4: asserts inside the predictor. */
export const assertBatch = definePredictor<{ data: Float64Array[] }>()(import.meta, "assertBatch", {
  predict: (batch) => {
    if (batch.data.length !== 2) throw new Error(`a batch of ${batch.data.length}`);
    if (batch.data.some((row) => row.length !== 100 || row.some((value) => value !== 1))) throw new Error("not a hundred ones");
    return batch;
  },
});

/** "Optimizing expensive CPU preprocessing": a stage of its own before the model. */
export const prepare = definePredictor<{ data: string[] }>()(import.meta, "prepare", {
  predict: (batch) => ({ ...batch, data: batch.data.map((text) => `${text} ${digest(text)}`), prepared: batch.data.map(() => Date.now()) }),
});

/** About a millisecond of honest work. */
function digest(text: string): string {
  let hash = text;
  for (let round = 0; round < 500; round++) hash = createHash("sha256").update(hash).digest("hex");
  return hash.slice(0, 4);
}

/** The last cell: one CPU-hungry actor, which says who it is. */
export const whoAmI = definePredictor<{ data: string[] }>()(import.meta, "whoAmI", {
  predict: async (batch) => {
    // Long enough that every actor of the pool gets a block before the first is done.
    await new Promise((resolve) => setTimeout(resolve, 100));
    return { ...batch, actor: batch.data.map(() => process.pid) };
  },
});
