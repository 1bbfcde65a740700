import { ShoalError, type ActorContext, type OnnxRuntime } from "@shoal/core";
import type { WebPlatform, WebDevice } from "./web-platform.ts";
import { probeDevice } from "./probe-device.ts";
import { Realm } from "./realm.ts";
import { openSessions } from "./realm-sessions.ts";
import type { OnnxWebOptions } from "./wasm-files.ts";
import { openWorkerSessions } from "./worker-sessions.ts";

const realms = new Map<WebPlatform, Realm>();

/** The one of a platform's JavaScript realm: whoever asks, the library in it is the same. */
function realmOf(platform: WebPlatform): Realm {
  const realm = realms.get(platform) ?? new Realm(platform);
  realms.set(platform, realm);
  return realm;
}

/** ONNX models on onnxruntime-web, as a platform has it. */
export function webRuntime(platform: WebPlatform, options: OnnxWebOptions): OnnxRuntime {
  return {
    name: "onnxruntime-web",
    async open(actor) {
      const device = webDevice(actor.device);
      return device === "wasm" && platform.createSessionWorker !== undefined
        ? openWorkerSessions(platform, platform.createSessionWorker, actor, options)
        : openSessions(realmOf(platform), device, actor, options);
    },
    probe: () => Promise.all((["webgpu", "wasm"] as const).map((device) => probeDevice(realmOf(platform), device, options))),
  };
}

function webDevice(device: ActorContext["device"]): WebDevice {
  if (device === "webgpu" || device === "wasm") return device;
  throw new ShoalError("device-unavailable", `onnxruntime-web has no device "${device}"; it has webgpu and wasm.`, { hint: 'Use { device: "wasm" }.', failure: "bug" });
}
