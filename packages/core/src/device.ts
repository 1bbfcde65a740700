/** Where a predictor computes. `"auto"`: what is measured to be fastest, of the devices that give right results (see {@link Devices}). */
export type Device = "auto" | "webgpu" | "cuda" | "wasm" | "cpu";

export type ConcreteDevice = Exclude<Device, "auto">;

/** What there is to compute with: how `device: "auto"` is answered. */
export interface Devices {
  /** Devices worth trying here, ending with the one that runs every model: its results say what is right. Cheap: no model is loaded. */
  candidates(): Promise<readonly ConcreteDevice[]>;
  /** What was chosen before, here and for this key; undefined where nothing was. */
  recall?(key: string): Promise<string | undefined>;
  remember?(key: string, choice: string): Promise<void>;
}

/** A device that was tried. */
export interface DeviceProbe {
  readonly device: ConcreteDevice;
  readonly works: boolean;
  /** Adapter or library version where it works; why it does not, and what to do, where it does not. */
  readonly detail: string;
}
