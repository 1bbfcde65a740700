// The inner thread of an actor: it alone touches onnxruntime-node, whose calls block their thread for their whole length.
// It imports no more of Shoal than the sessions, so that starting it costs no more than starting the library.
import { parentPort } from "node:worker_threads";
import type { OnnxTensor, ResidentTensor } from "@shoal/core";
import { OrtSessions, type Answers, type Operation } from "@shoal/ort-sessions";
import { loadOrt, ortFeatures } from "./load-ort.ts";
import type { Thrown, ThreadReply, ThreadRequest } from "./thread-protocol.ts";

let sessions: OrtSessions | undefined;
/** The library takes one call at a time; the next may wait here already. */
let turn: Promise<void> = Promise.resolve();

parentPort?.on("message", (request: ThreadRequest) => void (turn = turn.then(() => answer(request))));

async function answer({ id, operation }: ThreadRequest): Promise<void> {
  let reply: ThreadReply;
  try {
    sessions ??= new OrtSessions(await loadOrt(), ortFeatures);
    reply = { id, value: await sessions.perform(operation) };
  } catch (error) {
    reply = { id, thrown: thrownData(error) };
  }
  parentPort?.postMessage(reply, "value" in reply && operation.kind === "run" ? ownBuffers(reply.value) : []);
}

/** The library gives each output a buffer of its own: it moves instead of being copied. */
function ownBuffers(value: Answers[Operation["kind"]]): ArrayBuffer[] {
  const tensors = Object.values((value ?? {}) as Record<string, OnnxTensor | ResidentTensor>);
  const buffers = tensors.flatMap((tensor) => ("data" in tensor && ArrayBuffer.isView(tensor.data) ? [tensor.data.buffer as ArrayBuffer] : []));
  return [...new Set(buffers)];
}

function thrownData(error: unknown): Thrown {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code } = error as { code?: unknown };
  return { message: error.message, ...(typeof code === "string" ? { code } : {}), ...(error.stack === undefined ? {} : { stack: error.stack }) };
}
