import { chooseCpu, chooseDevice, type ChooseDevice } from "../actor-device.ts";
import { baselineDevice } from "./baseline-device.ts";
import { mayHaveCuda } from "./device-candidates.ts";

/** Trying a GPU loads drivers: not on machines that show no sign of one. The CPU is reached by wasm where the native library can't load. */
export const chooseNodeDevice: ChooseDevice = async (runtimes) => {
  const device = await (mayHaveCuda() ? chooseDevice(runtimes) : chooseCpu(runtimes));
  return device === "cpu" && runtimes.wasm !== undefined ? baselineDevice() : device;
};
