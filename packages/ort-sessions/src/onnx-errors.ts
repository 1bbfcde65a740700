import { failureClass, formatPorts, ShoalError, type FailureClass, type OnnxPort } from "@shoal/core";

/** Why ONNX Runtime did not take a model, where library and device are not to blame. */
export function onnxLoadError(error: unknown, model: string, device: string): ShoalError {
  if (ShoalError.is(error)) return error;
  const failure = failureClass(error);
  if (failure === "oom") {
    return new ShoalError("onnx-load-failed", `${model} does not fit into the memory of ${device}: ${ortWords(error)}.`, {
      hint: "Run fewer actors (concurrency), or a smaller or quantised model.", failure, cause: error,
    });
  }
  return new ShoalError("onnx-load-failed", `${model} can't be loaded: ${ortWords(error)}.`, {
    hint: "Check that the file is a whole ONNX model (not a Git LFS pointer) and that its external data files lie beside it.",
    failure: "bug", cause: error, details: { model, device },
  });
}

// After these the CUDA context, or the WebGPU device, stays broken for as long as the process lives.
const deviceBroken = /illegal memory access|unspecified launch failure|device-side assert|CUDA (failure|error) 7\d\d|CUBLAS_STATUS_(EXECUTION_FAILED|INTERNAL_ERROR)|CUDNN_STATUS_(EXECUTION_FAILED|INTERNAL_ERROR)|ECC error/i;

/** Why a run failed. Inputs are blamed unless the words say memory or device. */
export function onnxRunError(error: unknown, model: string, device: string, inputs: readonly OnnxPort[]): ShoalError {
  if (ShoalError.is(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (lacksHalfFloats.test(message)) {
    return new ShoalError("device-unavailable", `${model} needs half floats, which ${device} does not have here.`, {
      hint: 'Use the model in float32 (dtype: "fp32"), or another device.', failure: "bug", cause: error, details: { model, device },
    });
  }
  const failure: FailureClass = device !== "cpu" && deviceBroken.test(message) ? "device-lost" : failureClass(error);
  const fields = { failure, cause: error, details: { model, device } };
  if (failure === "oom") return new ShoalError("out-of-memory", `${model} ran out of memory on ${device}: ${ortWords(error)}.`, { ...fields, hint: "Use a smaller batch." });
  if (failure === "device-lost") return new ShoalError("device-lost", `${device} was lost while ${model} ran: ${ortWords(error)}.`, { ...fields, hint: "Use a smaller batch, or another device; if it comes again, look at the GPU's driver." });
  return new ShoalError("onnx-run-failed", `${model} failed: ${ortWords(error)}. Its inputs are ${formatPorts(inputs)}.`, { ...fields, hint: "Check the shapes and values it was given; if they are right, try another device." });
}

// Half floats are an optional feature of WebGPU.
const lacksHalfFloats = /requires f16|shader-f16/i;

/** The library wraps its words in file names and log lines; the last sentence of the first line is what a person can use. */
export function ortWords(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const line = message.trim().split("\n", 1)[0] ?? "";
  return line
    .replace(/^.*ERROR_CODE: \d+, ERROR_MESSAGE: /, "")
    .replace(/^\/\S+\/onnxruntime\S*\s.*? was false\. /, "")
    .replace(/^Non-zero status code returned while running /, "")
    .replace(/\.$/, "");
}
