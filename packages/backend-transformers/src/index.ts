export { transformersBackend, type TransformersBackendOptions } from "./backend.ts";
export type { Dtype, ModelOptions } from "./declarative-step.ts";
export { featureExtraction, type FeatureExtractionOptions, type Pooling } from "./feature-extraction.ts";
export type { HubOptions } from "./hub/hub-files.ts";
export { imageClassification, type ImageClassificationOptions, type ImageInput } from "./image-classification.ts";
export type { DecodeImage, Pixels } from "./image/pixels.ts";
export { textClassification, type ClassificationOptions, type Classified, type LabelScore } from "./text-classification.ts";
export { textGeneration, type ChatMessage, type GeneratedText, type TextGenerationOptions } from "./text-generation.ts";
export { tokenClassification, type Aggregation, type EntityGroup, type TokenClassificationOptions, type TokenEntity } from "./token-classification.ts";
