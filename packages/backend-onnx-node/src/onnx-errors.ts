import { failureClass, ShoalError, type FailureClass, type OnnxPort } from "@shoal/core";
import type { NativeDevice } from "./execution-providers.ts";

export const installHint = "Install it with: npm install onnxruntime-node (ONNXRUNTIME_NODE_INSTALL=skip leaves the CUDA libraries out).";

/** What a device needs, for a person whose machine lacks it. */
export const deviceNeeds: Readonly<Record<NativeDevice, string>> = {
  cpu: "onnxruntime-node has no library for this system; it has Linux x64 and arm64 (glibc), macOS arm64, Windows x64 and arm64.",
  cuda:
    "It needs an NVIDIA driver, the CUDA 12 runtime and cuDNN 9 on the library path, and libonnxruntime_providers_cuda.so and libonnxruntime_providers_shared.so beside onnxruntime-node's binding (its install script fetches them on Linux x64: npm rebuild onnxruntime-node, with scripts allowed).",
  webgpu: "It needs a GPU with a Vulkan driver (Linux: libvulkan1 and the GPU's driver, as mesa-vulkan-drivers), Metal or Direct3D 12.",
};

const providerFailed: Readonly<Record<NativeDevice, RegExp>> = {
  cpu: /^$/,
  cuda: /ExecutionProvider_Cuda|Failed to load shared library|CUDA|cuDNN|cuBLAS|libcu/i,
  webgpu: /webgpu|adapter|vulkan|dawn/i,
};

/** Why a model could not be loaded, as a message to a person. */
export function loadError(error: unknown, model: string, device: NativeDevice): ShoalError {
  if (ShoalError.is(error)) return error;
  const { message, code } = error as { message: string; code?: string };
  if (isMissingLibrary(message, code)) {
    return new ShoalError("missing-library", "onnxruntime-node is not installed; models on cpu, cuda and webgpu run on it.", { hint: installHint, failure: "bug", cause: error });
  }
  if (code === "ERR_DLOPEN_FAILED" || message.includes("onnxruntime_binding.node")) {
    return new ShoalError("missing-library", `onnxruntime-node can't be loaded: ${firstLine(message)}.`, { hint: deviceNeeds.cpu, failure: "bug", cause: error });
  }
  const failure = failureClass(error);
  if (failure === "oom") {
    return new ShoalError("onnx-load-failed", `${model} does not fit into the memory of ${device}: ${firstLine(message)}.`, {
      hint: "Run fewer actors (concurrency), or a smaller or quantised model.", failure, cause: error,
    });
  }
  if (providerFailed[device].test(message)) {
    return new ShoalError("device-unavailable", `The device ${device} does not work here: ${firstLine(message)}. ${deviceNeeds[device]}`, {
      hint: "Use device \"cpu\" (--device cpu), or install what is missing.", failure: "bug", cause: error, details: { device, model },
    });
  }
  return new ShoalError("onnx-load-failed", `${model} can't be loaded: ${firstLine(message)}.`, {
    hint: "Check that the file is a whole ONNX model (not a Git LFS pointer) and that its external data files lie beside it.",
    failure: "bug", cause: error, details: { model, device },
  });
}

function isMissingLibrary(message: string, code: string | undefined): boolean {
  const notFound = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND" || /Cannot find (package|module)|not a dependency/.test(message);
  return notFound && /["']onnxruntime-node["']/.test(message);
}

// After these the CUDA context, or the WebGPU device, stays broken for as long as the process lives.
const deviceBroken = /illegal memory access|unspecified launch failure|device-side assert|CUDA (failure|error) 7\d\d|CUBLAS_STATUS_(EXECUTION_FAILED|INTERNAL_ERROR)|CUDNN_STATUS_(EXECUTION_FAILED|INTERNAL_ERROR)|ECC error/i;

/** Why a run failed. Inputs are blamed unless the words say memory or device. */
export function runError(error: unknown, model: string, device: string, inputs: readonly OnnxPort[]): ShoalError {
  if (ShoalError.is(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  const failure: FailureClass = device !== "cpu" && deviceBroken.test(message) ? "device-lost" : failureClass(error);
  const fields = { failure, cause: error, details: { model, device } };
  if (failure === "oom") return new ShoalError("out-of-memory", `${model} ran out of memory on ${device}: ${firstLine(message)}.`, { ...fields, hint: "Use a smaller batch." });
  if (failure === "device-lost") return new ShoalError("device-lost", `${device} was lost while ${model} ran: ${firstLine(message)}.`, { ...fields, hint: "Use a smaller batch, or another device; if it comes again, look at the GPU's driver." });
  return new ShoalError("onnx-run-failed", `${model} failed: ${firstLine(message)}. Its inputs are ${formatPorts(inputs)}.`, { ...fields, hint: "Check the shapes and values it was given; if they are right, try --device cpu." });
}

/** `input_ids: int64[batch, length], sr: int64[]` */
export function formatPorts(ports: readonly OnnxPort[]): string {
  return ports.map((port) => `${port.name}: ${port.type}${formatShape(port.shape)}`).join(", ") || "none";
}

export function formatShape(shape: readonly (number | string)[]): string {
  return `[${shape.map((size) => (size === -1 ? "?" : size)).join(", ")}]`;
}

/** The library wraps its words in file names and log lines; the last sentence of the first line is what a person can use. */
function firstLine(message: string): string {
  const line = message.trim().split("\n", 1)[0] ?? "";
  return line.replace(/^\/\S+\/onnxruntime\S*\s.*? was false\. /, "").replace(/^Non-zero status code returned while running /, "").replace(/\.$/, "");
}
