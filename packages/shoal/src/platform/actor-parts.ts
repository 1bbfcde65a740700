import type { HubOptions } from "@shoal/backend-transformers";
import { onnxRuntimes } from "#onnx-runtimes";
import { backends } from "./backends.ts";

/** What an actor has besides its executor. */
export function actorParts(hub?: HubOptions) {
  return { backends: backends(hub), runtimes: onnxRuntimes };
}
