import type { ConcreteDevice } from "@shoal/core";
import { baselineDevice } from "./baseline-device.ts";
import { list } from "./detect-resources.ts";

/** Devices that this machine shows a sign of, without loading a driver; the one that runs every model is last. */
export function nodeDeviceCandidates(): readonly ConcreteDevice[] {
  return [...(mayHaveCuda() ? ["cuda" as const] : []), ...(mayHaveGpu() ? ["webgpu" as const] : []), baselineDevice()];
}

export function mayHaveCuda(): boolean {
  if (process.platform !== "linux") return process.platform === "win32";
  return list("/dev").some((name) => /^nvidia\d+$|^dxg$/.test(name));
}

/** Software drivers need no device file, and are many times slower than the CPU: they are used when webgpu is named. */
function mayHaveGpu(): boolean {
  return process.platform !== "linux" || mayHaveCuda() || list("/dev/dri").some((name) => name.startsWith("renderD"));
}
