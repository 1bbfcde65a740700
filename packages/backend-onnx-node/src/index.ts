export { executionProviders, type ExecutionProvider, type NativeDevice } from "./execution-providers.ts";
export { onnxNodeRuntime } from "./onnx-node-runtime.ts";
export { probeDevice } from "./probe-devices.ts";
