import type { DeviceProbe } from "@shoal/core";
import type { WebDevice } from "./web-platform.ts";
import type { Realm } from "./realm.ts";
import { webLoadError } from "./web-errors.ts";
import type { OnnxWebOptions } from "./wasm-files.ts";

/** Tries one device, in this realm. Never throws: `detail` says why it does not work and what it needs. */
export async function probeDevice(realm: Realm, device: WebDevice, options: OnnxWebOptions, timeoutMs = 20_000): Promise<DeviceProbe> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It gave no answer within ${timeoutMs / 1000} s`)), timeoutMs);
  });
  try {
    const { ort, trial, adapter } = await Promise.race([realm.build(device, 1, options), late]);
    await Promise.race([realm.turn(device, () => trial.run()), late]);
    const version = `onnxruntime-web ${ort.env.versions.web ?? ort.env.versions.common}`;
    return { device, works: true, detail: adapter === undefined ? version : `${version} on ${adapter}` };
  } catch (error) {
    const { message, hint } = webLoadError(error, "the model of the probe", device).toData();
    return { device, works: false, detail: hint === undefined ? message : `${message} ${hint}` };
  } finally {
    clearTimeout(timer);
  }
}
