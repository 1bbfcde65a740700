import { onnxNodeRuntime } from "@shoal/backend-onnx-node";
import { testOnnxRuntime } from "@shoal/testing/onnx-runtime-suite";

testOnnxRuntime("onnxruntime-node", onnxNodeRuntime);
