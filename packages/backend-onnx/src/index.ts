export { onnx, type OnnxConstant, type OnnxDefinition, type OnnxInputs, type OnnxRow, type OnnxSequence } from "./onnx.ts";
export { onnxModelFile, type OnnxModelFile } from "./onnx-model-file.ts";
export { onnxBackend } from "./onnx-backend.ts";
