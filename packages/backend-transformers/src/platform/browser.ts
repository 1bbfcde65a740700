import { fetchWithRetry } from "../hub/browser/fetch-with-retry.ts";
import { openCache } from "../hub/browser/kept-files.ts";
import { openBrowserModel } from "../hub/browser/open-browser-model.ts";
import type { ModelPlatform } from "./model-platform.ts";

/** A page, or a worker of one: URLs, and what this origin keeps in the browser's Cache API. */
export const platform: ModelPlatform = {
  hasFiles: false,
  keepsFiles: async () => (await openCache()) !== undefined,
  openModelFiles: openBrowserModel,
  // Paths that start at the page's server; a worker does not know where the page itself is.
  async readFile(place, signal) {
    if (!place.startsWith("/")) return undefined;
    const response = await fetchWithRetry(new URL(place, globalThis.location.href).href, { signal });
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
  },
};
