import type { ModelManifest } from "@shoal/cluster";

/**
 * Where a coordinator hands out a model: its folder, or the one file that it is. The key stands in the path, since libraries that fetch models send no headers of ours.
 * @param base of the coordinator, with a slash at the end
 */
export function modelUrl(base: string, key: string, { hash, entry = "" }: ModelManifest): string {
  return `${base}models/~${key}/${hash}/${entry.split("/").map(encodeURIComponent).join("/")}`;
}
