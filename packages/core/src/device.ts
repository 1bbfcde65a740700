/** Where a predictor computes. `"auto"`: CUDA where it works, otherwise the CPU; WebGPU is used when it is named. */
export type Device = "auto" | "webgpu" | "cuda" | "wasm" | "cpu";

/** A device that was tried. */
export interface DeviceProbe {
  readonly device: Exclude<Device, "auto">;
  readonly works: boolean;
  /** Adapter or library version where it works; why it does not, and what to do, where it does not. */
  readonly detail: string;
}
