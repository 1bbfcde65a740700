/**
 * A text generator: a 3-layer GPT-2 of 0.46 million float32 weights, 1.9 MB on disk with its tokenizer,
 * 256 tokens of context, Apache-2.0. It continues a prompt with short sentences for small children and
 * ends them with `<|endoftext|>`. It knows the 1,024 pieces of its own little language and no facts.
 *
 * The value is the URL of its directory inside this package (`config.json`, `tokenizer.json`,
 * `onnx/model.onnx`, `golden.json`), so it can stand in a plan as it is.
 */
export const storyteller: string = new URL("../models/storyteller/", import.meta.url).href;

/**
 * A text classifier, `NEGATIVE` or `POSITIVE`: a 2-layer BERT of 0.24 million float32 weights, 1.0 MB on disk
 * with its tokenizer, 128 tokens of context, Apache-2.0. It judges plain English opinions on films, food,
 * places and products, simple negation included; the README says where it errs.
 *
 * The value is the URL of its directory inside this package (`config.json`, `tokenizer.json`,
 * `onnx/model.onnx`, `golden.json`), so it can stand in a plan as it is.
 */
export const sentiment: string = new URL("../models/sentiment/", import.meta.url).href;
