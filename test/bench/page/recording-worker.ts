// The worker of an actor that tells what its sessions were fed.
import { onnxWebRuntime } from "@shoal/backend-onnx-web";
import { transformersBackend } from "@shoal/backend-transformers";
import { startActor } from "@shoal/executor";
import { serveLocalActor } from "@shoal/workers/local";
import { recordingRuntime } from "../jobs/recording-runtime.ts";
import { recordings } from "./recorded-batch.ts";

const channel = new BroadcastChannel(recordings);

serveLocalActor({ startActor, backends: [transformersBackend()], runtimes: { wasm: () => recordingRuntime(onnxWebRuntime(), (feeds) => channel.postMessage(feeds)) } });
