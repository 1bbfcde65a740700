import { onnxWebRuntime } from "@shoal/backend-onnx-web";
import { testOnnxRuntime } from "@shoal/testing/onnx-runtime-suite";

testOnnxRuntime("onnxruntime-web", onnxWebRuntime, { device: "wasm", freeThread: false });
