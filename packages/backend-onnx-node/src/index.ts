export { executionProviders, type ExecutionProvider, type NativeDevice } from "./execution-providers.ts";
export { onnxNodeRuntime } from "./onnx-node-runtime.ts";
export { probeDevice } from "./probe-devices.ts";
export { onnx, type OnnxConstant, type OnnxDefinition, type OnnxInputs, type OnnxRow, type OnnxSequence } from "./onnx.ts";
export { onnxBackend } from "./onnx-backend.ts";
