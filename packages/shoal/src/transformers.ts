export { featureExtraction, imageClassification, textClassification, textGeneration, tokenClassification } from "@shoal/backend-transformers";
