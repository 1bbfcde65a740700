import { expect, test } from "vitest";
import { webLoadError } from "./web-errors.ts";

test("a missing library says what to install, in the words of each runtime", () => {
  for (const message of ["Cannot find package 'onnxruntime-web' imported from /app/x.js", "Import \"onnxruntime-web\" not a dependency", 'Failed to resolve module specifier "onnxruntime-web/wasm"']) {
    expect(webLoadError(new Error(message), "m.onnx", "wasm")).toMatchObject({ code: "missing-library", message: expect.stringContaining("npm install onnxruntime-web") as string });
  }
});

test("files that are not served are told from a model that is none", () => {
  const start = new Error("no available backend found. ERR: [wasm] TypeError: Failed to fetch dynamically imported module: https://app/ort.mjs");
  expect(webLoadError(start, "m.onnx", "wasm")).toMatchObject({ code: "device-unavailable", message: expect.stringMatching(/can't start on wasm: Failed to fetch[^]*wasmFiles/) as string });
  const policy = new Error("no available backend found. ERR: [wasm] RuntimeError: Aborted(CompileError: WebAssembly.instantiate(): Compiling or instantiating WebAssembly module violates the following Content Security policy directive because 'unsafe-eval' is not an allowed source)");
  expect(webLoadError(policy, "m.onnx", "wasm")).toMatchObject({ hint: expect.stringContaining("'wasm-unsafe-eval'") as string });
  const model = new Error("Can't create a session. ERROR_CODE: 7, ERROR_MESSAGE: Failed to load model because protobuf parsing failed.");
  expect(webLoadError(model, "m.onnx", "wasm")).toMatchObject({ code: "onnx-load-failed", message: expect.stringContaining("m.onnx can't be loaded: Failed to load model because protobuf parsing failed.") as string });
  expect(webLoadError(new Error("Can't create a session. failed to allocate a buffer of size 3000000000."), "m.onnx", "wasm")).toMatchObject({ failure: "oom" });
});
