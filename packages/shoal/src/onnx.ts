export { onnx } from "@shoal/backend-onnx";
