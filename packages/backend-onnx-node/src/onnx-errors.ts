import { failureClass, ShoalError } from "@shoal/core";
import { onnxLoadError, ortWords } from "@shoal/ort-sessions/actor-side";
import type { NativeDevice } from "./execution-providers.ts";
import { whyCudaFails } from "./why-cuda-fails.ts";

const installHint = "Install it with: npm install onnxruntime-node (ONNXRUNTIME_NODE_INSTALL=skip leaves the CUDA libraries out).";

/** What a device needs, for a person whose machine lacks it. */
const deviceNeeds: Readonly<Record<NativeDevice, string>> = {
  cpu: "onnxruntime-node has no library for this system; it has Linux x64 and arm64 (glibc), macOS arm64, Windows x64 and arm64.",
  cuda:
    "It needs an NVIDIA driver, the runtime of CUDA (of the major version that the names of its libraries end in) and cuDNN 9 on the library path, and libonnxruntime_providers_cuda.so and libonnxruntime_providers_shared.so beside onnxruntime-node's binding (its install script fetches them on Linux x64: npm rebuild onnxruntime-node, with scripts allowed).",
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
    return new ShoalError("missing-library", `onnxruntime-node can't be loaded: ${ortWords(error)}.`, { hint: deviceNeeds.cpu, failure: "bug", cause: error });
  }
  if (failureClass(error) !== "oom" && providerFailed[device].test(message)) {
    const missing = device === "cuda" ? whyCudaFails() : undefined;
    return new ShoalError("device-unavailable", `The device ${device} does not work here: ${ortWords(error)}${missing === undefined ? "" : ` (${missing} is missing)`}. ${deviceNeeds[device]}`, {
      hint: "Use device \"cpu\" (--device cpu), or install what is missing.", failure: "bug", cause: error, details: { device, model },
    });
  }
  return onnxLoadError(error, model, device);
}

function isMissingLibrary(message: string, code: string | undefined): boolean {
  const notFound = code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND" || /Cannot find (package|module)|not a dependency/.test(message);
  return notFound && /["']onnxruntime-node["']/.test(message);
}
