// The door for browsers; others get index.ts, whose words on the models hold here too. There is no directory in a page: a model is a list
// of its files, as a `data:` URL. Bundlers look for exactly the form of each address.

/** A text generator; see index.ts. The value is a list of its files, so it can stand in a plan as it is. */
export const storyteller: string = listOf("storyteller", {
  "config.json": new URL("../models/storyteller/config.json", import.meta.url),
  "generation_config.json": new URL("../models/storyteller/generation_config.json", import.meta.url),
  "tokenizer.json": new URL("../models/storyteller/tokenizer.json", import.meta.url),
  "tokenizer_config.json": new URL("../models/storyteller/tokenizer_config.json", import.meta.url),
  "onnx/model.onnx": new URL("../models/storyteller/onnx/model.onnx", import.meta.url),
});

/** A text classifier, `NEGATIVE` or `POSITIVE`; see index.ts. The value is a list of its files, so it can stand in a plan as it is. */
export const sentiment: string = listOf("sentiment", {
  "config.json": new URL("../models/sentiment/config.json", import.meta.url),
  "tokenizer.json": new URL("../models/sentiment/tokenizer.json", import.meta.url),
  "tokenizer_config.json": new URL("../models/sentiment/tokenizer_config.json", import.meta.url),
  "onnx/model.onnx": new URL("../models/sentiment/onnx/model.onnx", import.meta.url),
});

function listOf(name: string, files: Readonly<Record<string, URL>>): string {
  return `data:application/json,${encodeURIComponent(JSON.stringify(files))}#${name}`;
}
