import { onnxNodeRuntime } from "@shoal/backend-onnx-node";
import { startActor } from "@shoal/executor";
import { serveNodeActor } from "@shoal/workers/node";
import { backends } from "./backends.ts";

/** The process of one actor on Node: where host, executor and backends meet. */
serveNodeActor({ startActor, backends: backends(), runtimes: { cpu: onnxNodeRuntime, cuda: onnxNodeRuntime, webgpu: onnxNodeRuntime } });
