import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnxNodeRuntime } from "@shoal/backend-onnx-node";
import { silentLogger } from "@shoal/core";
import { externalModel } from "@shoal/testing/onnx-models";
import { testOnnxRuntime } from "@shoal/testing/onnx-runtime-suite";
import { expect, test } from "vitest";

testOnnxRuntime("onnxruntime-node", onnxNodeRuntime);

test("external data is found beside the model", async () => {
  const folder = await mkdtemp(join(tmpdir(), "shoal-onnx-"));
  try {
    await writeFile(join(folder, "model.onnx"), externalModel);
    await writeFile(join(folder, "weights.bin"), new Uint8Array(Float32Array.of(10, 20).buffer));
    await using actor = await onnxNodeRuntime().open({ device: "cpu", deviceIndex: 0, threads: 1, signal: new AbortController().signal, log: silentLogger });
    const session = await actor.onnx(join(folder, "model.onnx"));
    const { y } = await session.run({ x: { type: "float32", shape: [1, 2], data: Float32Array.of(1, 2) } });
    expect(y?.data).toEqual(Float32Array.of(11, 22));
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("probing says of each device that does not work what it needs", async () => {
  for (const { device, works, detail } of await onnxNodeRuntime().probe()) {
    const needs = { cuda: /libonnxruntime_providers_cuda\.so is missing.*NVIDIA driver.*CUDA.*cuDNN/, webgpu: /Vulkan/ }[device as string] ?? /./;
    expect(works || needs.test(detail), `${device}: ${detail}`).toBe(true);
  }
});

test("a device that onnxruntime-node does not have is refused", async () => {
  const opening = onnxNodeRuntime().open({ device: "wasm", deviceIndex: 0, threads: 1, signal: new AbortController().signal, log: silentLogger });
  await expect(opening).rejects.toMatchObject({ code: "device-unavailable" });
});
