// A process that tries one device: a native library that dies takes nobody along.
import type { OnnxTensor } from "@shoal/core";
import { executionProviders, type NativeDevice } from "./execution-providers.ts";
import { loadOrt } from "./load-ort.ts";
import { OrtSessions } from "./ort-sessions.ts";

export type ProbeAnswer = { readonly version: string } | { readonly message: string; readonly code?: string };

// y = x + x, for any length of float32; made with the Python package `onnx` (opset 13).
const model = "CAcSADo3Cg4KAXgKAXgSAXkiA0FkZBIBZ1oQCgF4EgsKCQgBEgUKAxIBbmIQCgF5EgsKCQgBEgUKAxIBbkIECgAQDQ==";

async function probe(device: NativeDevice): Promise<ProbeAnswer> {
  const ort = await loadOrt();
  const sessions = new OrtSessions(ort);
  const settings = { executionProviders: executionProviders(device, 0), intraOpThreads: 1, externalData: {} };
  const loaded = await sessions.perform<"load">({ kind: "load", model: new Uint8Array(Buffer.from(model, "base64")), settings });
  const feeds = { x: { type: "float32", shape: [3], data: Float32Array.of(1, 2, 3) } } as const;
  const result = await sessions.perform<"run">({ kind: "run", session: loaded.session, feeds, keep: [], lastPosition: [] });
  const sums = String((result["y"] as OnnxTensor).data);
  if (sums !== "2,4,6") throw new Error(`It adds wrongly: twice 1, 2, 3 gave ${sums}`);
  return { version: `onnxruntime-node ${ort.env.versions.node ?? ort.env.versions.common}` };
}

void probe(process.argv[2] as NativeDevice)
  .catch((error: unknown): ProbeAnswer => {
    const { message, code } = error as { message: string; code?: string };
    return { message, ...(typeof code === "string" ? { code } : {}) };
  })
  .then((answer) => process.send?.(answer, () => process.exit(0)));
