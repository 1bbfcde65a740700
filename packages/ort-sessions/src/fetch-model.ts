import { ShoalError } from "@shoal/core";

/** A model, or one of its files, from a server. @throws `download-failed`; what the signal says when it was aborted. */
export async function fetchModel(url: string, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const failed = (why: string, cause?: unknown): ShoalError =>
    new ShoalError("download-failed", `The model ${url} could not be fetched: ${why}.`, { hint: "Check the address, or download the model and give its path.", failure: "bug", cause, details: { url } });
  let response: Response;
  try {
    response = await fetch(url, { signal });
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    if (signal.aborted) throw error;
    throw failed(error instanceof Error ? error.message : String(error), error);
  }
  throw failed(`${response.status} ${response.statusText}`.trim());
}

/** For a path at which there is no model. `what` as in `does not exist`. */
export function modelNotFound(path: string, what: string): ShoalError {
  return new ShoalError("model-not-found", `The model ${path} ${what}.`, {
    hint: "Give the path of an .onnx file; relative paths start at the working directory.", failure: "bug", details: { path },
  });
}
