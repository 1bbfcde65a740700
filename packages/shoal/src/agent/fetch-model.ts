import { fetchModelFiles } from "@shoal/backend-transformers";
import type { ModelManifest } from "@shoal/cluster";
import type { DeclarativePredictorSpec } from "@shoal/core";

/** Fetches a model of the coordinator's to where actors find it; of a backend that keeps no copies nothing is fetched. */
export async function fetchModel({ backend, model: address }: DeclarativePredictorSpec, { files }: ModelManifest, tell: (doneBytes: number) => void, signal: AbortSignal): Promise<void> {
  if (backend !== "transformers") return;
  let before = 0;
  for (const { path, bytes } of files) {
    await fetchModelFiles(address, [path], { signal, onBytes: (_url, done) => tell(before + Math.min(done, bytes)) });
    before += bytes;
    tell(before);
  }
}
