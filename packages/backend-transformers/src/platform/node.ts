import { nodeHubFiles, hubSettings } from "../hub/node-hub-files.ts";
import { openModelFiles } from "../hub/open-model-files.ts";
import type { ModelPlatform } from "./model-platform.ts";

/** Node, Bun and Deno: directories, and a cache on disk that Hugging Face's libraries share. */
export const platform: ModelPlatform = {
  hasFiles: true,
  keepsFiles: () => Promise.resolve(true),
  openModelFiles: ({ model, revision, hub, signal, log, onBytes }) => openModelFiles(model, revision, hubSettings(hub), nodeHubFiles, signal, log, onBytes),
  readFile: (place) => nodeHubFiles.read(/^file:/i.test(place) ? nodeHubFiles.fromFileUrl(place) : place),
};
