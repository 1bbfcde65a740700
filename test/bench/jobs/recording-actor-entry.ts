// The process of an actor that keeps what its sessions were fed.
import { appendFileSync } from "node:fs";
import { serialize } from "node:v8";
import { onnxBackend } from "@shoal/backend-onnx";
import { onnxNodeRuntime } from "@shoal/backend-onnx-node";
import { transformersBackend } from "@shoal/backend-transformers";
import { startActor } from "@shoal/executor";
import { serveLocalActor } from "@shoal/workers/local";
import { recordingRuntime } from "./recording-runtime.ts";

const path = process.env["SHOAL_BENCH_RECORD"] as string;

function append(feeds: unknown): void {
  const bytes = serialize(feeds);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.byteLength);
  appendFileSync(path, Buffer.concat([length, bytes]));
}

serveLocalActor({ startActor, backends: [transformersBackend(), onnxBackend()], runtimes: { cpu: () => recordingRuntime(onnxNodeRuntime(), append) } });
