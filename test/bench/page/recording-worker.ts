// The worker of an actor that tells what its sessions were fed, so that a hand-written loop can run the very same batches.
import { onnxWebRuntime } from "@shoal/backend-onnx-web";
import { transformersBackend } from "@shoal/backend-transformers";
import type { OnnxRuntime, OnnxSession } from "@shoal/core";
import { startActor } from "@shoal/executor";
import { serveLocalActor } from "@shoal/workers/local";
import { recordings } from "./recorded-batch.ts";

const channel = new BroadcastChannel(recordings);

serveLocalActor({ startActor, backends: [transformersBackend()], runtimes: { wasm: recordingRuntime } });

function recordingRuntime(): OnnxRuntime {
  const runtime = onnxWebRuntime();
  return {
    ...runtime,
    async open(actor) {
      const opened = await runtime.open(actor);
      return { onnx: async (model, options) => recording(await opened.onnx(model, options)), [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
    },
  };
}

function recording(session: OnnxSession): OnnxSession {
  const run = session.run.bind(session) as (...call: Parameters<OnnxSession["run"]>) => ReturnType<OnnxSession["run"]>;
  session.run = ((...call: Parameters<OnnxSession["run"]>) => {
    channel.postMessage(call[0]);
    return run(...call);
  }) as OnnxSession["run"];
  return session;
}
