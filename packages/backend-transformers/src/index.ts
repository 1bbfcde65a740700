export { transformersBackend, type TransformersBackendOptions } from "./backend.ts";
export type { Dtype, ModelOptions } from "./declarative-step.ts";
export type { HubOptions } from "./hub/hub-files.ts";
export type { DecodeImage, Pixels } from "./image/pixels.ts";
export { textGeneration, type ChatMessage, type GeneratedText, type TextGenerationOptions } from "./text-generation.ts";
