import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { onnxWebRuntime } from "@shoal/backend-onnx-web";
import { silentLogger, type ActorContext } from "@shoal/core";
import { externalModel } from "@shoal/testing/onnx-models";
import { testOnnxRuntime } from "@shoal/testing/onnx-runtime-suite";
import { expect, test } from "vitest";

// An operation of onnxruntime-web blocks its thread.
testOnnxRuntime("onnxruntime-web", onnxWebRuntime, { device: "wasm", freeThread: false });

const open = (device: ActorContext["device"]) => onnxWebRuntime().open({ device, deviceIndex: 0, threads: 1, signal: new AbortController().signal, log: silentLogger });

test("external data is found beside the model", async () => {
  const folder = await mkdtemp(join(tmpdir(), "shoal-onnx-web-"));
  try {
    await writeFile(join(folder, "model.onnx"), externalModel);
    await writeFile(join(folder, "weights.bin"), new Uint8Array(Float32Array.of(10, 20).buffer));
    await using actor = await open("wasm");
    for (const model of [join(folder, "model.onnx"), pathToFileURL(join(folder, "model.onnx"))]) {
      const session = await actor.onnx(model);
      const { y } = await session.run({ x: { type: "float32", shape: [1, 2], data: Float32Array.of(1, 2) } });
      expect(y?.data).toEqual(Float32Array.of(11, 22));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a device that it does not have is refused, one that is not here says where it is", async () => {
  await expect(open("cpu")).rejects.toMatchObject({ code: "device-unavailable" });
  await using actor = await open("webgpu");
  await expect(actor.onnx(externalModel)).rejects.toMatchObject({ code: "device-unavailable", message: expect.stringContaining("onnxruntime-node") as string });
  expect(await onnxWebRuntime().probe()).toContainEqual({ device: "webgpu", works: false, detail: expect.stringContaining("onnxruntime-node") as string });
});
