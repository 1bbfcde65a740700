import { isSoftwareGpu, type GpuAdapterInfo } from "@shoal/core";

/** What this tab can compute with, in words for its owner. */
export interface Devices {
  readonly gpu: FoundGpu;
  readonly cpu: { readonly cores: number; readonly threads: boolean };
}

/** `why` it can't be used is a sentence, `fix` what helps. */
export type FoundGpu =
  | { readonly works: true; readonly name: string }
  | { readonly works: false; readonly why: string; readonly fix: readonly string[] };

/** Looks, and computes nothing. */
export async function findDevices(): Promise<Devices> {
  return { gpu: await findGpu(), cpu: { cores: navigator.hardwareConcurrency, threads: globalThis.crossOriginIsolated } };
}

async function findGpu(): Promise<FoundGpu> {
  const { gpu } = navigator as Navigator & { readonly gpu?: { requestAdapter(): Promise<{ readonly info?: GpuAdapterInfo } | null> } };
  if (!isSecureContext) return insecure();
  if (gpu === undefined) {
    return { works: false, why: "This browser has no WebGPU, or has it turned off.", fix: ["Chrome and Edge have it on most computers and Android phones, Safari has it since version 26, Firefox on Windows and on recent Macs."] };
  }
  const adapter = await gpu.requestAdapter().catch(() => null);
  if (adapter === null) {
    return { works: false, why: "This browser has WebGPU, but finds no graphics card that it may use.", fix: ["Its driver may be too old, or hardware acceleration may be turned off in the browser's settings."] };
  }
  const info = adapter.info ?? {};
  const name = gpuName(info);
  if (isSoftwareGpu(info)) return { works: false, why: `What this browser offers as a graphics card (${name}) is imitated by the processor, which is faster by itself.`, fix: [] };
  return { works: true, name };
}

function insecure(): FoundGpu {
  return {
    works: false,
    why: `Browsers give a page the graphics card only over https, or on the machine itself. This page came from ${location.hostname} by plain http.`,
    fix: [
      "Ask for a link that begins with https://. Whoever runs the coordinator gets one by starting it with --https, or by putting a tunnel or a proxy with a certificate in front of it.",
      ...(location.port === "" ? [] : [`On the machine that runs the coordinator, open http://localhost:${location.port} in place of ${location.host}; what follows in the link stays.`]),
    ],
  };
}

/** As in `nvidia ampere`: browsers leave parts of it out. */
function gpuName({ vendor = "", architecture = "", description = "" }: GpuAdapterInfo): string {
  return [vendor, architecture, description].filter((part, at, parts) => part !== "" && parts.indexOf(part) === at).join(" ") || "a graphics card";
}
