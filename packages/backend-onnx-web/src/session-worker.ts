// The worker that an actor in a browser has for its sessions on wasm: a run blocks its thread, and the actor prepares the next meanwhile.
// It imports no more of Shoal than the sessions.
import { serveSessions, type ThreadReply, type ThreadRequest } from "@shoal/ort-sessions";
import { ortFeatures, setUp, type OrtSetup } from "./ort-setup.ts";

interface WorkerScope {
  postMessage(reply: ThreadReply, transfer: ArrayBuffer[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void, options?: { readonly once: boolean }): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.addEventListener("message", ({ data: setup }: MessageEvent<OrtSetup>) => {
  const take = serveSessions(() => loadOrt(setup), ortFeatures, (reply, transfer) => scope.postMessage(reply, transfer));
  scope.addEventListener("message", ({ data }: MessageEvent<ThreadRequest>) => take(data));
}, { once: true });

async function loadOrt(setup: OrtSetup) {
  const ort = await import("onnxruntime-web/wasm");
  setUp(ort, setup);
  return ort;
}
