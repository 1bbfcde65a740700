// The process of an actor that keeps what its sessions were fed, so that a hand-written loop can run the very same batches.
import { appendFileSync } from "node:fs";
import { serialize } from "node:v8";
import { onnxBackend } from "@shoal/backend-onnx";
import { onnxNodeRuntime } from "@shoal/backend-onnx-node";
import { transformersBackend } from "@shoal/backend-transformers";
import type { OnnxRuntime, OnnxSession } from "@shoal/core";
import { startActor } from "@shoal/executor";
import { serveLocalActor } from "@shoal/workers/local";

const record = process.env["SHOAL_BENCH_RECORD"] as string;

serveLocalActor({ startActor, backends: [transformersBackend(), onnxBackend()], runtimes: { cpu: recordingRuntime } });

function recordingRuntime(): OnnxRuntime {
  const runtime = onnxNodeRuntime();
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
    const bytes = serialize(call[0]);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.byteLength);
    appendFileSync(record, Buffer.concat([length, bytes]));
    return run(...call);
  }) as OnnxSession["run"];
  return session;
}
