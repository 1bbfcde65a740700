import { onnxRuntimes } from "#onnx-runtimes";
import { backends } from "./backends.ts";

/** What an actor has besides its executor. */
export function actorParts() {
  return { backends: backends(), runtimes: onnxRuntimes };
}
