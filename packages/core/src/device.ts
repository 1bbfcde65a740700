export const concreteDevices = ["cpu", "cuda", "webgpu", "wasm"] as const;

export type ConcreteDevice = (typeof concreteDevices)[number];

/** Where a predictor computes. `"auto"`: what is measured to be fastest, of the devices that give right results (see {@link Devices}). */
export type Device = "auto" | ConcreteDevice;

/** What there is to compute with: how `device: "auto"` is answered. */
export interface Devices {
  /** Devices worth trying here, ending with the one that runs every model: its results say what is right. Cheap: no model is loaded. */
  candidates(): Promise<readonly ConcreteDevice[]>;
  /** What was chosen before, here and for this key; undefined where nothing was. */
  recall?(key: string): Promise<string | undefined>;
  /** @param forMs for how long it counts; for ever where it is not given. */
  remember?(key: string, choice: string, forMs?: number): Promise<void>;
}

/** A device that was tried. */
export interface DeviceProbe {
  readonly device: ConcreteDevice;
  readonly works: boolean;
  /** Adapter or library version where it works; why it does not, and what to do, where it does not. */
  readonly detail: string;
}

/** As much of what a WebGPU adapter says of itself as is used here. Browsers leave parts of it out. */
export interface GpuAdapterInfo {
  readonly vendor?: string;
  readonly architecture?: string;
  readonly description?: string;
  readonly isFallbackAdapter?: boolean;
}

/** Whether a GPU is one that the CPU imitates: it is many times slower than the CPU itself, and is used only when webgpu is named. */
export function isSoftwareGpu({ vendor = "", architecture = "", description = "", isFallbackAdapter = false }: GpuAdapterInfo): boolean {
  return isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|software/i.test(`${vendor} ${architecture} ${description}`);
}
