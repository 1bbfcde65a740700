import type { InferenceSession, Tensor } from "onnxruntime-common";
import { fromBase64 } from "./from-base64.ts";
import { positionsOf, type Ort } from "./ort-tensors.ts";

// y = Gather(x, rows) along axis 0 or 1, x of any rank: made with the Python package `onnx` (opset 13), as float32 and as float16.
const models = {
  float32: [
    "CAc6UQohCgF4CgRyb3dzEgF5IgZHYXRoZXIqCwoEYXhpcxgAoAECEgFnWgkKAXgSBAoCCAFaEwoEcm93cxILCgkIBhIFCgMSAW5iCQoBeRIECgIIAUIECgAQDQ==",
    "CAc6UQohCgF4CgRyb3dzEgF5IgZHYXRoZXIqCwoEYXhpcxgBoAECEgFnWgkKAXgSBAoCCAFaEwoEcm93cxILCgkIBhIFCgMSAW5iCQoBeRIECgIIAUIECgAQDQ==",
  ],
  float16: [
    "CAc6UQohCgF4CgRyb3dzEgF5IgZHYXRoZXIqCwoEYXhpcxgAoAECEgFnWgkKAXgSBAoCCApaEwoEcm93cxILCgkIBhIFCgMSAW5iCQoBeRIECgIICkIECgAQDQ==",
    "CAc6UQohCgF4CgRyb3dzEgF5IgZHYXRoZXIqCwoEYXhpcxgBoAECEgFnWgkKAXgSBAoCCApaEwoEcm93cxILCgkIBhIFCgMSAW5iCQoBeRIECgIICkIECgAQDQ==",
  ],
} as const;

type Location = "cpu" | "gpu-buffer";

/**
 * Takes rows and positions out of tensors that lie on the GPU, without their coming to memory whole. A model does it, whose output goes
 * where it is wanted.
 */
export class GpuGather implements AsyncDisposable {
  readonly #ort: Ort;
  readonly #sessions = new Map<string, Promise<InferenceSession>>();

  constructor(ort: Ort) {
    this.#ort = ort;
  }

  /** Whether it has a model for such tensors. */
  takes(tensor: Tensor): boolean {
    return tensor.location === "gpu-buffer" && tensor.type in models;
  }

  /** The given rows of the first axis, in that order. */
  rows(tensor: Tensor, rows: readonly number[], location: Location): Promise<Tensor> {
    return this.#gather(tensor, rows, 0, location);
  }

  /** [rows, positions, n] → [rows, n], in memory: the last position of each row. The one on the GPU is freed. */
  async lastPosition(tensor: Tensor, name: string): Promise<Tensor> {
    const { rows, positions, size } = positionsOf(tensor, name);
    const last = await this.#gather(tensor, [positions - 1], 1, "cpu");
    tensor.dispose();
    return last.reshape([rows, size]);
  }

  /** The whole tensor in memory; the one on the GPU is freed. */
  async download(tensor: Tensor): Promise<Tensor> {
    const downloaded = await this.rows(tensor, [...Array(tensor.dims[0] ?? 0).keys()], "cpu");
    tensor.dispose();
    return downloaded;
  }

  async #gather(tensor: Tensor, indices: readonly number[], axis: 0 | 1, location: Location): Promise<Tensor> {
    const session = await this.#session(tensor.type as keyof typeof models, axis, location);
    const rows = new this.#ort.Tensor("int32", Int32Array.from(indices), [indices.length]);
    try {
      return (await session.run({ x: tensor, rows }))["y"] as Tensor;
    } catch (error) {
      // It may hold on to what it was given: see OrtFeatures.
      this.#sessions.delete(keyOf(tensor.type, axis, location));
      await session.release().catch(() => {});
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sessions = await Promise.allSettled(this.#sessions.values());
    this.#sessions.clear();
    for (const session of sessions) if (session.status === "fulfilled") await session.value.release();
  }

  #session(type: keyof typeof models, axis: 0 | 1, location: Location): Promise<InferenceSession> {
    const key = keyOf(type, axis, location);
    let session = this.#sessions.get(key);
    if (session === undefined) {
      session = this.#ort.InferenceSession.create(fromBase64(models[type][axis]), { executionProviders: ["webgpu"], preferredOutputLocation: { y: location }, logSeverityLevel: 4 });
      this.#sessions.set(key, session);
      // The GPU may have had no room for it just then: the next who asks tries again.
      session.catch(() => this.#sessions.delete(key));
    }
    return session;
  }
}

function keyOf(type: string, axis: 0 | 1, location: Location): string {
  return `${type} ${axis} ${location}`;
}
