import { chooseCpu, chooseDevice, type ChooseDevice } from "../actor-device.ts";
import { mayHaveCuda } from "./device-candidates.ts";

/** Trying a GPU loads drivers: not on machines that show no sign of one. */
export const chooseNodeDevice: ChooseDevice = (runtimes) => (mayHaveCuda() ? chooseDevice(runtimes) : chooseCpu(runtimes));
