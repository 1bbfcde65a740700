export { onnx, type OnnxConstant, type OnnxDefinition, type OnnxInputs, type OnnxRow, type OnnxSequence } from "./onnx.ts";
export { onnxBackend } from "./onnx-backend.ts";
