import { chooseCpu, chooseDevice, type ChooseDevice } from "../actor-device.ts";
import { list } from "./detect-resources.ts";

/** Trying a GPU loads drivers: not on machines that show no sign of one. */
export const chooseNodeDevice: ChooseDevice = (runtimes) => (mayHaveGpu() ? chooseDevice(runtimes) : chooseCpu(runtimes));

function mayHaveGpu(): boolean {
  if (process.platform !== "linux") return true;
  return list("/dev").some((name) => /^nvidia\d+$|^dxg$/.test(name)) || list("/dev/dri").some((name) => name.startsWith("renderD"));
}
