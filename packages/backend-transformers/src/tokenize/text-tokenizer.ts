import type * as Tokenizers from "@huggingface/tokenizers";
import { ShoalError, type JsonObject } from "@shoal/core";
import { fileNotFound, optionalJson, type ModelFiles } from "../model/model-files.ts";
import { encodePlainWords } from "./plain-words.ts";

/** Text to token ids and back, as Hugging Face's tokenizers do it. */
export interface TextTokenizer {
  /** `special`: with the tokens that the model's template puts round a text, as in `[CLS] … [SEP]`. */
  encode(text: string, special: boolean): number[];
  /** Each token's text, as the vocabulary has it. */
  tokens(ids: ArrayLike<number>): string[];
  /** Special tokens are left out. */
  decode(ids: readonly number[]): string;
  idOf(token: string): number | undefined;
  isSpecial(this: void, token: string): boolean;
  /** tokenizer_config.json. */
  readonly config: JsonObject;
}

/**
 * Only @huggingface/tokenizers, which transformers.js itself tokenises with: importing all of transformers.js takes twenty times as long
 * and brings a second ONNX Runtime.
 * @throws `model-not-found`, `missing-library`
 */
export async function loadTextTokenizer(files: ModelFiles): Promise<TextTokenizer> {
  const [library, json, config = {}] = await Promise.all([
    importTokenizers(),
    optionalJson(files, "tokenizer.json"),
    optionalJson(files, "tokenizer_config.json"),
  ]);
  if (json === undefined) throw fileNotFound(files, ["tokenizer.json"], "Models need the fast tokenizer's file tokenizer.json; convert older ones with Hugging Face transformers.");
  const tokenizer = new library.Tokenizer(json, config);
  const special = new Set(Array.from(tokenizer.get_added_tokens_decoder() as Map<number, { content: string; special?: boolean }>, ([, token]) => (token.special === true ? token.content : "")));
  return {
    config,
    encode: encodePlainWords(tokenizer, json, config),
    tokens: (ids) => Array.from(ids, (id) => tokenizer.id_to_token(id) ?? ""),
    decode: (ids) => (ids.length === 0 ? "" : tokenizer.decode([...ids], { skip_special_tokens: true })),
    isSpecial: (token) => special.has(token),
    idOf: (token) => tokenizer.token_to_id(token),
  };
}

async function importTokenizers(): Promise<typeof Tokenizers> {
  try {
    return await import("@huggingface/tokenizers");
  } catch (cause) {
    throw new ShoalError("missing-library", "The library @huggingface/tokenizers can't be imported.", { cause, failure: "bug", hint: "Install it: npm install @huggingface/tokenizers" });
  }
}

/** The id of `bos_token`, `eos_token`, `pad_token` … as tokenizer_config.json names it. */
export function specialId(tokenizer: TextTokenizer, name: string): number | undefined {
  const token = specialToken(tokenizer.config, name);
  return token === undefined ? undefined : tokenizer.idOf(token);
}

export function specialToken(config: JsonObject, name: string): string | undefined {
  const entry = config[name];
  if (typeof entry === "string") return entry;
  const content = (entry as JsonObject | null | undefined)?.["content"];
  return typeof content === "string" ? content : undefined;
}
