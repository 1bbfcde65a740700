import { chooseCpu, chooseDevice, type ChooseDevice } from "../actor-device.ts";
import { list } from "./detect-resources.ts";

/** Trying a GPU loads drivers: not on machines that show no sign of one. */
export const chooseNodeDevice: ChooseDevice = (runtimes) => (mayHaveCuda() ? chooseDevice(runtimes) : chooseCpu(runtimes));

function mayHaveCuda(): boolean {
  if (process.platform !== "linux") return process.platform === "win32";
  return list("/dev").some((name) => /^nvidia\d+$|^dxg$/.test(name));
}
