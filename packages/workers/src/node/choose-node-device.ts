import { readdirSync } from "node:fs";
import { chooseCpu, chooseDevice, type ChooseDevice } from "../actor-device.ts";

/** Trying a GPU loads drivers: not on machines that show no sign of one. */
export const chooseNodeDevice: ChooseDevice = (runtimes) => (mayHaveGpu() ? chooseDevice(runtimes) : chooseCpu(runtimes));

function mayHaveGpu(): boolean {
  if (process.platform !== "linux") return true;
  return listed("/dev", /^nvidia\d+$/) || listed("/dev/dri", /^renderD/) || listed("/dev", /^dxg$/);
}

function listed(folder: string, name: RegExp): boolean {
  try {
    return readdirSync(folder).some((entry) => name.test(entry));
  } catch {
    return false;
  }
}
