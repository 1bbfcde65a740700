export { sentiment, storyteller } from "@shoal/tiny-models";
