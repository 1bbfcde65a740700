// A worker that has onnxruntime-web as an actor has it, and loses its GPU when told.
import { onnxWebRuntime } from "@shoal/backend-onnx-web";
import { ShoalError, silentLogger, type ActorContext, type OnnxTensor, type TypedArray } from "@shoal/core";
import { doubleModel, powerModel } from "@shoal/testing/onnx-models";

/** What is asked of the worker. */
export interface RealmRequest {
  readonly device: ActorContext["device"];
  /** When its device is destroyed: between two runs, or while one is under way. */
  readonly lose?: "between" | "during";
}

/** What came of it. */
export interface RealmAnswer {
  readonly doubled?: readonly number[];
  /** What the run that lost its device, the one after it, and loading another model ended with, and when. */
  readonly failures: readonly { readonly code: string; readonly failure: string | undefined; readonly ms: number }[];
}

async function answer({ device, lose }: RealmRequest): Promise<RealmAnswer> {
  await using actor = await onnxWebRuntime().open({ device, deviceIndex: 0, threads: 2, signal: new AbortController().signal, log: silentLogger });
  const session = await actor.onnx(doubleModel);
  const { y } = await session.run({ x: { type: "float32", shape: [2], data: Float32Array.of(1, 2) } });
  const doubled = [...((y as OnnxTensor).data as TypedArray)].map(Number);
  if (lose === undefined) return { doubled, failures: [] };
  const slow = await actor.onnx(powerModel);
  const gpu = (await (await import("onnxruntime-web/webgpu")).env.webgpu.device) as unknown as { destroy(): void };
  if (lose === "during") setTimeout(() => gpu.destroy(), 30);
  else {
    gpu.destroy();
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  const operations = [() => slow.run({ x: { type: "float32", shape: [160, 160], data: new Float32Array(25_600) } }), () => session.run({ x: { type: "float32", shape: [1], data: Float32Array.of(1) } }), () => actor.onnx(doubleModel)];
  const failures: RealmAnswer["failures"][number][] = [];
  for (const operation of operations) {
    const start = performance.now();
    const error = ShoalError.from(await operation().then(() => new Error("It went well"), (thrown: unknown) => thrown));
    failures.push({ code: error.code, failure: error.failure, ms: performance.now() - start });
  }
  return { doubled, failures };
}

globalThis.addEventListener("message", (event) => {
  void answer((event as MessageEvent<RealmRequest>).data)
    .catch((error: unknown): RealmAnswer => ({ failures: [{ code: ShoalError.from(error).code, failure: ShoalError.from(error).message, ms: 0 }] }))
    .then((message) => globalThis.postMessage(message));
});
