import { ShoalError, type OnnxLoader, type OnnxRuntime } from "@shoal/core";
import { InnerThread, OrtSession } from "@shoal/ort-sessions/actor-side";
import { redirectComplaints } from "./device-complaints.ts";
import { executionProviders, isNativeDevice, type NativeDevice } from "./execution-providers.ts";
import { modelSource } from "./model-source.ts";
import { loadError } from "./onnx-errors.ts";
import { probeDevices } from "./probe-devices.ts";
import { threadStarter } from "./start-thread.ts";

type Actor = Parameters<OnnxRuntime["open"]>[0];

/**
 * ONNX models on onnxruntime-node: cpu, cuda and native webgpu. All sessions of an actor live in one thread of their own, since the
 * library blocks the thread that calls it. Ending the process of an actor is its host's business; disposing waits for an open run.
 */
export function onnxNodeRuntime(): OnnxRuntime {
  return { name: "onnxruntime-node", open: async (actor) => openActor(actor), probe: () => probeDevices() };
}

function openActor(actor: Actor): { readonly onnx: OnnxLoader } & AsyncDisposable {
  const { device } = actor;
  if (!isNativeDevice(device)) {
    throw new ShoalError("device-unavailable", `onnxruntime-node has no device "${device}"; it has cpu, cuda and webgpu.`, { hint: "Use --device cpu.", failure: "bug" });
  }
  // CUDA's libraries round float32 to 10 bits of mantissa otherwise: other texts than the CPU's, and numbers off by more than 1e-3.
  if (device === "cuda") process.env["NVIDIA_TF32_OVERRIDE"] ??= "0";
  const thread = new InnerThread(actor.signal, threadStarter({ complaints: device === "webgpu" ? redirectComplaints() : undefined }));
  return {
    onnx: async (model, options = {}) => {
      const { name, source } = await modelSource(model, actor.signal);
      const settings = {
        executionProviders: executionProviders(device, actor.deviceIndex),
        intraOpThreads: options.intraOpThreads ?? actor.threads,
        externalData: options.externalData ?? {},
      };
      try {
        const loaded = await thread.call({ kind: "load", model: source, settings }, typeof source === "string" ? [] : [source.buffer as ArrayBuffer]);
        return new OrtSession(thread.perform, loaded, name, deviceName(device, actor.deviceIndex));
      } catch (error) {
        throw loadError(error, name, device);
      }
    },
    [Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
  };
}

function deviceName(device: NativeDevice, deviceIndex: number): string {
  return device === "cuda" ? `cuda:${deviceIndex}` : device;
}
