import { onnxBackend, onnxNodeRuntime } from "@shoal/backend-onnx-node";
import { transformersBackend } from "@shoal/backend-transformers";
import { startActor } from "@shoal/executor";
import { decodeImage } from "@shoal/io";
import { serveNodeActor } from "@shoal/workers/node";

/** The process of one actor on Node: where host, executor and backends meet. */
serveNodeActor({
  startActor,
  backends: [transformersBackend({ decodeImage }), onnxBackend()],
  runtimes: { cpu: onnxNodeRuntime, cuda: onnxNodeRuntime, webgpu: onnxNodeRuntime },
});
