import type { InferenceSession, Tensor } from "onnxruntime-common";
import { fromBase64 } from "./from-base64.ts";
import type { Ort } from "./ort-tensors.ts";

// y = Gather(x, rows), axis 0, x of any rank: made with the Python package `onnx` (opset 13), as float32 and as float16.
const models = {
  float32: "CAc6UQohCgF4CgRyb3dzEgF5IgZHYXRoZXIqCwoEYXhpcxgAoAECEgFnWgkKAXgSBAoCCAFaEwoEcm93cxILCgkIBhIFCgMSAW5iCQoBeRIECgIIAUIECgAQDQ==",
  float16: "CAc6UQohCgF4CgRyb3dzEgF5IgZHYXRoZXIqCwoEYXhpcxgAoAECEgFnWgkKAXgSBAoCCApaEwoEcm93cxILCgkIBhIFCgMSAW5iCQoBeRIECgIICkIECgAQDQ==",
};

/**
 * Moves tensors that lie on the GPU. The library can leave an output there and take it as an input again, but downloading one aborts
 * the process; so a model does it, whose output goes where it is wanted.
 */
export class GpuGather implements AsyncDisposable {
  readonly #ort: Ort;
  readonly #sessions = new Map<string, Promise<InferenceSession>>();

  constructor(ort: Ort) {
    this.#ort = ort;
  }

  /** The given rows of the first axis, in that order. */
  async gather(tensor: Tensor, rows: readonly number[], location: "cpu" | "gpu-buffer"): Promise<Tensor> {
    const session = await this.#session(tensor.type as keyof typeof models, location);
    const index = new this.#ort.Tensor("int32", Int32Array.from(rows), [rows.length]);
    return (await session.run({ x: tensor, rows: index }))["y"] as Tensor;
  }

  /** The whole tensor in memory; the one on the GPU is freed. */
  async download(tensor: Tensor): Promise<Tensor> {
    const downloaded = await this.gather(tensor, [...Array(tensor.dims[0] ?? 0).keys()], "cpu");
    tensor.dispose();
    return downloaded;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions.values()) await (await session).release();
    this.#sessions.clear();
  }

  #session(type: keyof typeof models, location: "cpu" | "gpu-buffer"): Promise<InferenceSession> {
    const key = `${type} ${location}`;
    let session = this.#sessions.get(key);
    if (session === undefined) {
      session = this.#ort.InferenceSession.create(fromBase64(models[type]), { executionProviders: ["webgpu"], preferredOutputLocation: { y: location }, logSeverityLevel: 4 });
      this.#sessions.set(key, session);
    }
    return session;
  }
}
