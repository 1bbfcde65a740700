import { ShoalError, type JsonObject, type OnnxPort } from "@shoal/core";

/** Architectures whose `logits` are scores, of labels or of words. */
const scores = /(For(Sequence|Token|Image|Multiple)[A-Za-z]*|For(CausalLM|MaskedLM|QuestionAnswering)|LMHeadModel)$/;
const vectors = ["last_hidden_state", "token_embeddings", "sentence_embedding"];

/**
 * A vector of a classifier's scores has the form of an embedding, and is none. Some exports of encoders call their vectors `logits`: those are as wide as
 * config.json says, or of an architecture that ends in no scores.
 * @throws `unsupported-model`
 */
export function checkHiddenStates(outputs: readonly OnnxPort[], config: JsonObject, model: string): void {
  const logits = outputs.find(({ name }) => name === "logits");
  if (logits === undefined || outputs.some(({ name }) => vectors.includes(name))) return;
  const architectures = Array.isArray(config["architectures"]) ? config["architectures"] : [];
  const architecture = architectures.find((each): each is string => typeof each === "string" && scores.test(each));
  if (architecture === undefined || logits.shape.at(-1) === (config["hidden_size"] ?? config["dim"] ?? config["d_model"])) return;
  throw new ShoalError("unsupported-model", `${model} is a ${architecture}: its graph gives scores (logits) and no hidden states, which an embedding is made of.`, {
    failure: "bug",
    hint: "Use a model that was exported to ONNX for feature extraction (optimum: task feature-extraction): its graph has an output last_hidden_state, token_embeddings or sentence_embedding.",
    details: { model, architecture, outputs: outputs.map(({ name }) => name), task: "feature-extraction" },
  });
}
