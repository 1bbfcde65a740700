export { abortable, abortedError, disposedError } from "./abortable.ts";
export { fetchModel, modelNotFound } from "./fetch-model.ts";
export { onnxLoadError, ortWords } from "./onnx-errors.ts";
export { InnerThread } from "./inner-thread.ts";
export { OrtSession, type Perform } from "./ort-session.ts";
