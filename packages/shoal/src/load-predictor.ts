import { batchFromBlock, blockFromBatch, concatBlocks, type ActorContext, type BatchOf, type Block, type Predictor, type PredictorStep } from "@shoal/core";

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
 */
export async function loadPredictor<In, Out>(step: PredictorStep<In, Out, undefined, "adds">, actor: ActorContext): Promise<LoadedPredictor<PredictorStep<In, Out, undefined, "adds">>> {
  const { spec } = step;
  if (spec.kind !== "declarative") throw new TypeError("loadPredictor takes a declarative predictor; one of your own is called as it is.");
  const { backends } = await import("./runtime/backends.ts");
  const backend = backends().find((each) => each.name === spec.backend);
  if (backend === undefined) throw new TypeError(`No backend is called "${spec.backend}".`);
  const predictor = await backend.load(spec, actor);
  const call = async (batch: object): Promise<unknown> => batchFromBlock(await phases(predictor, blockFromBatch(batch, spec.name), actor.signal), "columns");
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

