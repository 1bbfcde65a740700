import { onnxWebRuntime } from "@shoal/backend-onnx-web";
import { silentLogger, type OnnxTensor, type ResidentTensor, type TypedArray } from "@shoal/core";
import { cacheModel, doubleModel, outerModel } from "@shoal/testing/onnx-models";
import { describe, expect, onTestFinished, test } from "vitest";

type Method = (this: unknown, ...given: unknown[]) => unknown;

/** What onnxruntime-web does with a GPU, beyond what the port says. */
export function testWebGpu(): void {
  const open = () => onnxWebRuntime().open({ device: "webgpu", deviceIndex: 0, threads: 1, signal: new AbortController().signal, log: silentLogger });

  describe("onnxruntime-web on a GPU", () => {
    test("a kept tensor does not leave it, and of the last positions only those do", async () => {
      await using actor = await open();
      const session = await actor.onnx(cacheModel);
      const downloads = countCalls("GPUBuffer", "mapAsync");
      const options = { keep: ["present"], lastPosition: ["logits"] };
      const first = await session.run({ past: floats([1, 0, 2]), step: floats([1, 3, 2], 1, 2, 3, 4, 5, 6) }, options);
      const [present] = await session.gather([first["present"] as ResidentTensor], [0, 0]);
      const second = await session.run({ past: present as ResidentTensor, step: floats([2, 1, 2], 1, 2, 3, 4) }, options);
      expect(first["logits"]).toEqual(floats([1, 2], 10, 12));
      expect(second["logits"]).toEqual(floats([2, 2], 2, 4, 6, 8));
      expect(downloads.map(({ size }) => size)).toEqual([8, 16].map((bytes) => expect.toSatisfy((size: number) => size >= bytes && size <= 16) as number));
    });

    test("a result over the limit of a buffer is out of memory, and the session goes on", { timeout: 60_000 }, async () => {
      await using actor = await open();
      const [session, other] = await Promise.all([actor.onnx(outerModel), actor.onnx(doubleModel)]);
      const side = Math.ceil(Math.sqrt((await maxBufferBytes()) / 4)) + 1;
      const outer = (rows: number): Promise<Record<string, OnnxTensor>> =>
        session.run({ a: { type: "float32", shape: [rows, 1], data: new Float32Array(rows).fill(3) }, b: { type: "float32", shape: [1, rows], data: new Float32Array(rows).fill(2) } });
      const error = await outer(side).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "out-of-memory", failure: "oom" });
      expect((await outer(2))["y"]).toEqual(floats([2, 2], 6, 6, 6, 6));
      expect((await other.run({ x: floats([1], 4) }))["y"]).toEqual(floats([1], 8));
    });

    test("a model is loaded after the last one was left", async () => {
      for (let time = 0; time < 2; time++) {
        await using actor = await open();
        await using session = await actor.onnx(doubleModel);
        expect([...((await session.run({ x: floats([1], 4) }))["y"] as { readonly data: TypedArray }).data]).toEqual([8]);
      }
    });
  });
}

/** What the calls of a method of WebGPU were made on, from now to the end of the test. */
function countCalls(type: string, method: string): { readonly size: number }[] {
  const { prototype } = (globalThis as unknown as Record<string, { readonly prototype: Record<string, Method> }>)[type] as { readonly prototype: Record<string, Method> };
  const original = prototype[method] as Method;
  const calls: { readonly size: number }[] = [];
  prototype[method] = function (...given) {
    calls.push(this as { readonly size: number });
    return original.apply(this, given);
  };
  onTestFinished(() => void (prototype[method] = original));
  return calls;
}

async function maxBufferBytes(): Promise<number> {
  const { env } = await import("onnxruntime-web/webgpu");
  return ((await env.webgpu.device) as unknown as { readonly limits: { readonly maxBufferSize: number } }).limits.maxBufferSize;
}

function floats(shape: readonly number[], ...data: number[]): OnnxTensor {
  return { type: "float32", shape, data: Float32Array.from(data) };
}
