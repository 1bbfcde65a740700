import { failureClass, ShoalError, type ErrorData, type FailureClass } from "@shoal/core";

/** What is wrong with this machine, or with its way to the coordinator, and may be right on another. */
const local = new Set([
  "model-not-found", "download-failed", "download-corrupt", "unauthorized", "unreachable", "connection-lost", "http-refused", "bad-model-file",
  "missing-library", "missing-decoder", "unknown-backend", "device-unavailable", "resources-do-not-fit", "code-not-allowed", "model-not-allowed", "permission-denied",
  "disk-full", "too-many-open-files", "file-error", "actors-keep-dying", "predictor-not-importable", "no-processes", "onnx-load-failed", "out-of-memory",
]);

/**
 * Whose fault it was that a pool could not go on. On one machine a model that can't be loaded ends the job; of many machines one may lack
 * what the others have, so only what is wrong everywhere is a bug of the job.
 * @param loaded a model was there
 * @param key of this worker, which stands in the addresses of models and is for nobody's eyes
 */
export function failureOf(thrown: unknown, loaded: boolean, key?: string): { readonly failure: FailureClass; readonly error: ErrorData } {
  const failure = failureClass(thrown);
  const error = ShoalError.from(thrown);
  const { stack: _, ...whole } = error.toData();
  const data = JSON.parse(withoutKey(JSON.stringify(whole), key)) as ErrorData;
  const unnamed = error.code === "unexpected" || (!loaded && error.failure === undefined);
  const here = local.has(error.code) || unnamed;
  // A row's fault is in a result, and nobody asked this pool to end.
  return { failure: here || failure === "row" || failure === "aborted" ? (failure === "oom" || failure === "device-lost" ? failure : "worker-lost") : failure, error: data };
}

/** A text that may name addresses of models, without the key that stands in them. */
export function withoutKey(text: string, key = ""): string {
  return key === "" ? text : text.replaceAll(`~${key}`, "~…");
}
