import { isResident, ShoalError, type OnnxFeeds, type OnnxLoader, type OnnxRuntime } from "@shoal/core";
import type { Operation } from "@shoal/ort-sessions";
import { OrtSession, type Perform } from "@shoal/ort-sessions/actor-side";
import { executionProviders, isNativeDevice, type NativeDevice } from "./execution-providers.ts";
import { InnerThread } from "./inner-thread.ts";
import { modelSource } from "./model-source.ts";
import { loadError } from "./onnx-errors.ts";
import { probeDevices } from "./probe-devices.ts";

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
  const thread = new InnerThread(actor.signal);
  const perform: Perform = (operation) => {
    const given: Operation = operation;
    if (given.kind !== "run") return thread.call(operation);
    const { feeds, transfer } = travelling(given.feeds);
    return thread.call({ ...operation, feeds } as typeof operation, transfer);
  };
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
        return new OrtSession(perform, loaded, name, deviceName(device, actor.deviceIndex));
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

/** The caller keeps its arrays, which may be views of a whole column: exactly the tensors' numbers are copied, and moved. */
function travelling(given: OnnxFeeds): { readonly feeds: OnnxFeeds; readonly transfer: ArrayBuffer[] } {
  const transfer: ArrayBuffer[] = [];
  const feeds = Object.entries(given).map(([name, tensor]): [string, OnnxFeeds[string]] => {
    if (isResident(tensor) || !ArrayBuffer.isView(tensor.data)) return [name, tensor];
    const data = tensor.data.slice();
    transfer.push(data.buffer as ArrayBuffer);
    return [name, { type: tensor.type, shape: tensor.shape, data }];
  });
  return { feeds: Object.fromEntries(feeds), transfer };
}
