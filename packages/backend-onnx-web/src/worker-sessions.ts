import type { ActorContext, OnnxLoader } from "@shoal/core";
import type { SessionThread, ThreadReply } from "@shoal/ort-sessions";
import { InnerThread, OrtSession } from "@shoal/ort-sessions/actor-side";
import { ortSetup, sessionSettings, type OrtSetup } from "./ort-setup.ts";
import type { WebPlatform } from "./web-platform.ts";
import { modelName, readModel } from "./read-model.ts";
import { webLoadError } from "./web-errors.ts";
import type { OnnxWebOptions } from "./wasm-files.ts";

type Actor = Pick<ActorContext, "threads" | "signal">;

/**
 * What one actor has on wasm where a worker has its sessions. Its threads are those of its first model: the library fixes them when it
 * starts.
 */
export function openWorkerSessions(platform: WebPlatform, createWorker: () => Worker, actor: Actor, options: OnnxWebOptions): { readonly onnx: OnnxLoader } & AsyncDisposable {
  let threads: number | undefined;
  const thread = new InnerThread(actor.signal, (settle, lose) => startWorker(createWorker(), ortSetup("wasm", threads ?? 1, options), settle, lose));

  const onnx: OnnxLoader = async (model, { externalData, intraOpThreads = actor.threads } = {}) => {
    const name = modelName(model);
    const { bytes, externalData: files } = await readModel(model, externalData, platform.readFile, actor.signal);
    threads ??= platform.threads() ? intraOpThreads : 1;
    // What was read here moves; what was given is the caller's.
    const transfer = [...(bytes === model ? [] : [bytes]), ...(externalData === undefined ? Object.values(files) : [])].map(({ buffer }) => buffer as ArrayBuffer);
    try {
      const loaded = await thread.call({ kind: "load", model: bytes, settings: { ...sessionSettings("wasm"), externalData: files } }, transfer);
      return new OrtSession(thread.perform, loaded, name, "wasm");
    } catch (error) {
      throw webLoadError(error, name, "wasm");
    }
  };

  return { onnx, [Symbol.asyncDispose]: () => thread[Symbol.asyncDispose]() };
}

/** It ends with the worker that starts it, whatever it does. */
function startWorker(worker: Worker, setup: OrtSetup, settle: (reply: ThreadReply) => void, lose: (how: string) => void): SessionThread {
  worker.addEventListener("message", ({ data }: MessageEvent<ThreadReply>) => settle(data));
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    lose(event.message ? `it threw: ${event.message}` : "its module could not be loaded");
  });
  worker.addEventListener("messageerror", () => lose("it sent what could not be read"));
  worker.postMessage(setup);
  return { post: (request, transfer) => worker.postMessage(request, transfer), terminate: () => worker.terminate() };
}
