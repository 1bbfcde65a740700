import type { OnnxTensor } from "@shoal/core";
import { fromBase64 } from "./from-base64.ts";
import type { SessionSettings } from "./operations.ts";
import { OrtSessions, type OrtFeatures } from "./ort-sessions.ts";
import type { Ort } from "./ort-tensors.ts";

// y = x + x, for any length of float32; made with the Python package `onnx` (opset 13).
const model = "CAcSADo3Cg4KAXgKAXgSAXkiA0FkZBIBZ1oQCgF4EgsKCQgBEgUKAxIBbmIQCgF5EgsKCQgBEgUKAxIBbkIECgAQDQ==";

/** A small model on a device. As long as it is open, the library keeps the device. */
export interface DeviceTrial extends AsyncDisposable {
  /**
   * Computes. What a library says of itself is no proof: providers are listed that don't work, and broken drivers give zeros.
   * @throws the library's own error, or one that says what was wrong with the result.
   */
  run(): Promise<void>;
}

/** Tries a device by creating a session on it. @throws the library's own error. */
export async function openTrial(ort: Ort, features: OrtFeatures, settings: SessionSettings): Promise<DeviceTrial> {
  const sessions = new OrtSessions(ort, features);
  const { session } = await sessions.perform<"load">({ kind: "load", model: fromBase64(model), settings });
  return {
    async run() {
      const feeds = { x: { type: "float32", shape: [3], data: Float32Array.of(1, 2, 3) } } as const;
      const result = await sessions.perform<"run">({ kind: "run", session, feeds, keep: [], lastPosition: [] });
      const sums = String((result["y"] as OnnxTensor).data);
      if (sums !== "2,4,6") throw new Error(`It adds wrongly: twice 1, 2, 3 gave ${sums}`);
    },
    [Symbol.asyncDispose]: () => sessions[Symbol.asyncDispose](),
  };
}
