export { featureExtraction, imageClassification, textClassification, textGeneration, tokenClassification } from "@shoal/backend-transformers";
export { loadPredictor, type LoadedPredictor } from "./load-predictor.ts";
