import { arrowForBatch, batchFromBlock, blockFromBatch, concatBlocks, ShoalError, type ActorContext, type BatchOf, type Block, type Predictor, type PredictorStep } from "@shoal/core";

/** Calls a loaded model with a batch of the columns it reads; gives the columns it adds. */
export type LoadedPredictor<Step> = Step extends PredictorStep<infer In, infer Out, infer _Args, "adds">
  ? ((batch: { readonly [Name in keyof In]: ArrayLike<In[Name]> }) => Promise<BatchOf<Out>>) & AsyncDisposable
  : never;

/**
 * Loads a declarative predictor inside one of your own: in `setup`, with the actor it was given.
 * ```ts
 * setup: (actor) => loadPredictor(textClassification({ model, input: "text", output: "label" }), actor),
 * predict: async (batch, classify) => ({ ...batch, ...(await classify({ text: batch.text })) }),
 * ```
 * @throws `bad-option` for a predictor of one's own; `unknown-backend`; what loading the model throws.
 */
export async function loadPredictor<In, Out>(step: PredictorStep<In, Out, undefined, "adds">, actor: ActorContext): Promise<LoadedPredictor<PredictorStep<In, Out, undefined, "adds">>> {
  const { spec } = step;
  if (spec.kind !== "declarative") {
    throw new ShoalError("bad-option", `loadPredictor() takes a declarative predictor; "${spec.name}" is one of your own.`, { hint: "Call its functions as they are, or pass one such as textClassification({ … }).", failure: "bug" });
  }
  const { backends } = await import("./platform/backends.ts");
  const backend = backends().find((each) => each.name === spec.backend);
  if (backend === undefined) {
    throw new ShoalError("unknown-backend", `${spec.name} needs the backend "${spec.backend}", which is not here.`, { hint: `Make it with a function of this version of shoal; its backends are ${backends().map((each) => each.name).join(", ")}.`, failure: "bug" });
  }
  const predictor = await backend.load(spec, actor);
  const call = async (batch: object): Promise<unknown> => {
    await arrowForBatch(batch);
    return batchFromBlock(await phases(predictor, blockFromBatch(batch, spec.name), actor.signal), "columns");
  };
  return Object.assign(call, { [Symbol.asyncDispose]: async () => predictor.dispose?.() }) as never;
}

async function phases(predictor: Predictor, block: Block, signal: AbortSignal): Promise<Block> {
  const prepared = (await predictor.preprocess?.(block, signal)) ?? block;
  const result = predictor.predict(prepared, signal);
  const predicted = Symbol.asyncIterator in result ? concatBlocks(await collect(result)) : await result;
  return (await predictor.postprocess?.(predicted, signal)) ?? predicted;
}

async function collect(blocks: AsyncIterable<Block>): Promise<Block[]> {
  const collected: Block[] = [];
  for await (const block of blocks) collected.push(block);
  return collected;
}

