import { onnxBackend } from "@shoal/backend-onnx";
import { onnxNodeRuntime } from "@shoal/backend-onnx-node";
import { silentLogger, type ActorContext, type Block, type PredictorStep } from "@shoal/core";

const never = new AbortController().signal;

export interface LoadedOnnxStep extends AsyncDisposable {
  predict(block: Block): Promise<Block>;
}

/** A step of `onnx()` as it stands in an actor on the cpu, its spec having travelled as JSON. `model` replaces the one it names. */
export async function loadOnnxStep(step: PredictorStep<never, object>, model?: Uint8Array): Promise<LoadedOnnxStep> {
  const actor = { device: "cpu", deviceIndex: 0, threads: 1, signal: never, log: silentLogger } as const;
  const opened = await onnxNodeRuntime().open(actor);
  const onnx: ActorContext["onnx"] = (named, options) => opened.onnx(model ?? named, options);
  if (step.spec.kind !== "declarative") throw new Error("onnx() makes declarative specs");
  try {
    const predictor = await onnxBackend().load(JSON.parse(JSON.stringify(step.spec)) as typeof step.spec, { ...actor, onnx, count: () => {} });
    return {
      predict: async (block) => predictor.predict(block, never) as Promise<Block>,
      [Symbol.asyncDispose]: async () => {
        await predictor.dispose?.();
        await opened[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await opened[Symbol.asyncDispose]();
    throw error;
  }
}
