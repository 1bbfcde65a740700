import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { DeviceProbe } from "@shoal/core";
import { threadEntry } from "./start-thread.ts";
import { loadError } from "./onnx-errors.ts";
import type { NativeDevice } from "./execution-providers.ts";
import type { ProbeAnswer } from "./probe-process.ts";

/** Tries cpu, cuda and webgpu, each by running a session on it in a process of its own. */
export function probeDevices(timeoutMs = 20_000): Promise<readonly DeviceProbe[]> {
  return Promise.all((["cpu", "cuda", "webgpu"] as const).map((device) => probeDevice(device, timeoutMs)));
}

/** Tries one device. Never throws: `detail` says why it does not work and what it needs. */
export async function probeDevice(device: NativeDevice, timeoutMs = 20_000): Promise<DeviceProbe> {
  const answer = await askProcess(device, timeoutMs);
  if ("version" in answer) return { device, works: true, detail: answer.version };
  const { code, message, hint } = loadError(Object.assign(new Error(answer.message), { code: answer.code }), "the model of the probe", device).toData();
  return { device, works: false, detail: code === "missing-library" ? `${message} ${hint ?? ""}` : message };
}

function askProcess(device: NativeDevice, timeoutMs: number): Promise<ProbeAnswer> {
  const { url, options } = threadEntry("probe-process");
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(url), [device], { ...options, execArgv: options.execArgv ?? [], stdio: ["ignore", "ignore", "ignore", "ipc"] });
    const timer = setTimeout(() => {
      resolve({ message: `The ${device} probe gave no answer within ${timeoutMs / 1000} s` });
      child.kill("SIGKILL");
    }, timeoutMs);
    child.on("message", (answer) => resolve(answer as ProbeAnswer));
    child.on("error", (error) => resolve({ message: error.message }));
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      resolve({ message: `The ${device} probe died (${signal ?? `exit code ${code}`})` });
    });
  });
}
