import { ShoalError } from "@shoal/core";
import { expect, test } from "vitest";
import { loadError, runError } from "./onnx-errors.ts";

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

test("failures of runs are classed by what helps", () => {
  const failure = (message: string, device = "cuda:0"): unknown => runError(new Error(message), "m.onnx", device, []).failure;
  expect(failure("Failed to allocate memory for requested buffer of size 1073741824")).toBe("oom");
  expect(failure("CUDA failure 2: out of memory ; GPU=0")).toBe("oom");
  expect(failure("CUDA failure 700: an illegal memory access was encountered ; GPU=0")).toBe("device-lost");
  expect(failure("CUBLAS failure 13: CUBLAS_STATUS_EXECUTION_FAILED")).toBe("device-lost");
  expect(failure("Got invalid dimensions for input: x", "cpu")).toBe("row");
  const own = new ShoalError("aborted", "The actor was asked to end.", { failure: "aborted" });
  expect(runError(own, "m.onnx", "cpu", [])).toBe(own);
});
