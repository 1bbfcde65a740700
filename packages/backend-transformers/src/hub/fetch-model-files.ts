import { silentLogger, ShoalError, type Logger } from "@shoal/core";
import type { TellBytes } from "../platform/model-platform.ts";

export interface FetchModelOptions {
  readonly signal: AbortSignal;
  readonly log?: Logger;
  readonly onBytes?: TellBytes;
}

/**
 * Fetches files of the model above an http(s) address to where actors find them: the cache of the machine, or of the browser's origin.
 * What is there already is left as it is. In a page that may keep nothing it does nothing: each actor fetches for itself.
 * @throws `model-not-found`, `unauthorized`, `download-failed`
 */
export async function fetchModelFiles(model: string, paths: readonly string[], { signal, log = silentLogger, onBytes }: FetchModelOptions): Promise<void> {
  const { platform } = await import("#platform");
  if (!(await platform.keepsFiles())) return;
  const files = await platform.openModelFiles({ model, revision: "main", hub: undefined, signal, log, ...(onBytes !== undefined && { onBytes }) });
  for (const path of paths) {
    if ((await files.locate(path)) !== undefined) continue;
    throw new ShoalError("model-not-found", `The model at ${files.lookedAt(path)} is not there.`, { failure: "bug", hint: "Its job may have ended meanwhile; otherwise bring the job again.", details: { path } });
  }
}
