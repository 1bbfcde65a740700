import type { ActorContext } from "@shoal/core";

export type NativeDevice = "cpu" | "cuda" | "webgpu";

/** An execution provider as ONNX Runtime names and configures it. */
export type ExecutionProvider = "cpu" | "webgpu" | { readonly name: "cuda"; readonly deviceId: number };

/**
 * What a device is called in ONNX Runtime. One entry and never a list: there is no fallback from one provider to the next, a list with
 * one that does not work throws.
 */
export function executionProviders(device: NativeDevice, deviceIndex: number): readonly ExecutionProvider[] {
  return device === "cuda" ? [{ name: "cuda", deviceId: deviceIndex }] : [device];
}

export function isNativeDevice(device: ActorContext["device"]): device is NativeDevice {
  return device === "cpu" || device === "cuda" || device === "webgpu";
}
