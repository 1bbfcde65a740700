import { failureClass, ShoalError } from "@shoal/core";
import { onnxLoadError, ortWords } from "@shoal/ort-sessions/actor-side";
import type { WebDevice } from "./web-platform.ts";

/** Why a model could not be loaded, as a message to a person. */
export function webLoadError(error: unknown, model: string, device: WebDevice): ShoalError {
  if (ShoalError.is(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (isMissingLibrary(message)) {
    return new ShoalError("missing-library", "onnxruntime-web is not installed; models on webgpu and wasm run on it here.", {
      hint: "Install it with: npm install onnxruntime-web", failure: "bug", cause: error,
    });
  }
  const [, why] = /no available backend found\. ERR: \[\w+\] (?:\w*Error: )?(.*)/.exec(message) ?? [];
  if (why !== undefined && failureClass(error) !== "oom") {
    return new ShoalError("device-unavailable", `onnxruntime-web can't start on ${device}: ${ortWords(why)}.`, {
      hint: startHint(why), failure: "bug", cause: error, details: { device },
    });
  }
  return onnxLoadError(error, model, device);
}

/** A page whose policy forbids WebAssembly has served the files all the same. */
function startHint(why: string): string {
  return /unsafe-eval|Content Security Policy|CompileError/i.test(why)
    ? "Where the page has a Content-Security-Policy, allow WebAssembly in it: script-src 'self' 'wasm-unsafe-eval'. Otherwise its .wasm file is damaged, or a page of HTML came in its place."
    : "Serve its .wasm and .mjs files with the page, and say where: onnxWebRuntime({ wasmFiles }).";
}

/** In the words of Node, Bun, Deno and of browsers. */
function isMissingLibrary(message: string): boolean {
  return /Cannot find (package|module)|not a dependency|Failed to resolve module specifier|bare specifier/.test(message) && message.includes("onnxruntime-web");
}
