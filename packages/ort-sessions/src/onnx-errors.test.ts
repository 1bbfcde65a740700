import { expect, test } from "vitest";
import { ShoalError } from "@shoal/core";
import { onnxRunError } from "./onnx-errors.ts";

test("failures of runs are classed by what helps", () => {
  const failure = (message: string, device = "cuda:0"): unknown => onnxRunError(new Error(message), "m.onnx", device, []).failure;
  expect(failure("Failed to allocate memory for requested buffer of size 1073741824")).toBe("oom");
  expect(failure("CUDA failure 2: out of memory ; GPU=0")).toBe("oom");
  expect(failure("CUDA failure 700: an illegal memory access was encountered ; GPU=0")).toBe("device-lost");
  expect(failure("CUBLAS failure 13: CUBLAS_STATUS_EXECUTION_FAILED")).toBe("device-lost");
  expect(failure("Got invalid dimensions for input: x", "cpu")).toBe("row");
  expect(failure("Buffer size (1254400000) exceeds the max buffer size limit (1073741824)", "webgpu")).toBe("oom");
  expect(failure("WebGPU validation failed. Buffer size 2152960000 is greater than the maximum buffer size (2147483647)", "webgpu")).toBe("oom");
  expect(failure("Program Concat requires f16 but the device does not support it.", "webgpu")).toBe("bug");
  const own = new ShoalError("aborted", "The actor was asked to end.", { failure: "aborted" });
  expect(onnxRunError(own, "m.onnx", "cpu", [])).toBe(own);
});

test("of the library's words those remain that a person can use", () => {
  const words = (message: string): string => onnxRunError(new Error(message), "m.onnx", "wasm", []).message;
  expect(words("failed to call OrtRun(). ERROR_CODE: 1, ERROR_MESSAGE: Non-zero status code returned while running MatMul node.\nmore")).toContain("m.onnx failed: MatMul node. Its inputs are none.");
});
