// A process that tries one device: a native library that dies takes nobody along.
import { openTrial } from "@shoal/ort-sessions";
import { executionProviders, type NativeDevice } from "./execution-providers.ts";
import { loadOrt, ortFeatures } from "./load-ort.ts";

export type ProbeAnswer = { readonly version: string } | { readonly message: string; readonly code?: string };

async function probe(device: NativeDevice): Promise<ProbeAnswer> {
  const ort = await loadOrt();
  await using trial = await openTrial(ort, ortFeatures, { executionProviders: executionProviders(device, 0), intraOpThreads: 1 });
  await trial.run();
  return { version: `onnxruntime-node ${ort.env.versions.node ?? ort.env.versions.common}` };
}

void probe(process.argv[2] as NativeDevice)
  .catch((error: unknown): ProbeAnswer => {
    const { message, code } = error as { message: string; code?: string };
    return { message, ...(typeof code === "string" ? { code } : {}) };
  })
  .then((answer) => process.send?.(answer, () => process.exit(0)));
