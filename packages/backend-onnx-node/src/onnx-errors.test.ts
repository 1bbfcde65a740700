import { expect, test } from "vitest";
import { loadError } from "./onnx-errors.ts";

test("a device that does not work is told from a model that does not", () => {
  const cuda = new Error("OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library");
  expect(loadError(cuda, "m.onnx", "cuda")).toMatchObject({ code: "device-unavailable", message: expect.stringMatching(/cuDNN.*libonnxruntime_providers_cuda\.so[^]*--device cpu/) as string });
  expect(loadError(new Error("webgpu_context.cc: Failed to get a WebGPU adapter"), "m.onnx", "webgpu")).toMatchObject({ code: "device-unavailable", message: expect.stringContaining("Vulkan") as string });
  expect(loadError(new Error("Failed to load model because protobuf parsing failed."), "m.onnx", "cuda")).toMatchObject({ code: "onnx-load-failed", message: expect.stringContaining("m.onnx") as string });
  expect(loadError(new Error("std::bad_alloc"), "m.onnx", "cpu")).toMatchObject({ code: "onnx-load-failed", failure: "oom" });
});

test("a missing library says what to install, in the words of each runtime", () => {
  for (const message of ["Cannot find package 'onnxruntime-node' imported from /app/x.js", "Cannot find module 'onnxruntime-node'"]) {
    expect(loadError(Object.assign(new Error(message), { code: "ERR_MODULE_NOT_FOUND" }), "m.onnx", "cpu")).toMatchObject({
      code: "missing-library", message: expect.stringContaining("npm install onnxruntime-node") as string,
    });
  }
});
