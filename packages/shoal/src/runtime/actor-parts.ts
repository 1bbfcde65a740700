import { onnxNodeRuntime } from "@shoal/backend-onnx-node";
import { backends } from "./backends.ts";

/** What an actor has on Node besides its executor. */
export function actorParts() {
  return { backends: backends(), runtimes: { cpu: onnxNodeRuntime, cuda: onnxNodeRuntime, webgpu: onnxNodeRuntime } };
}
