import { Tokenizer } from "@huggingface/tokenizers";
import type { JsonObject } from "@shoal/core";
import { expect, test } from "vitest";
import { encodePlainWords } from "./plain-words.ts";

const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const pieces = ["the", "a", "cat", "sat", "un", "##break", "##able", "##s", "it", "don", "t", "'", "!", ",", ".", "[", "]", "_", "2", "##0", "##2", "cls", "mask", "中", "é", "e", "##e", "x", "##x"];
const token = (content: string, id: number, more: object = {}): JsonObject => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true, ...more });

function bert(more: { readonly lowercase?: boolean; readonly added?: readonly JsonObject[]; readonly model?: JsonObject } = {}): JsonObject {
  const piece = (id: string): JsonObject => ({ SpecialToken: { id, type_id: 0 } });
  const template = [piece("[CLS]"), { Sequence: { id: "A", type_id: 0 } }, piece("[SEP]")];
  return {
    normalizer: { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: more.lowercase ?? true },
    pre_tokenizer: { type: "BertPreTokenizer" },
    model: more.model ?? { type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##", max_input_chars_per_word: 12, vocab: Object.fromEntries([...special, ...pieces].map((text, id) => [text, id])) },
    post_processor: { type: "TemplateProcessing", single: template, pair: template, special_tokens: {} },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    added_tokens: [...special.map((content, id) => token(content, id)), ...(more.added ?? [])],
  };
}

/** Numbers from 0 to 1, always the same. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

const parts = [...pieces.map((piece) => piece.replace("##", "")), ...special, " ", "  ", "\t", "\n", "\r", "\u000b", "\u0000", "The", "CAT", "unbreakables", "waytoolongforaword", "Ünïcode", "中文", "é", "😀", "\u00a0", "\u200d", "~", "\u007f", "-", "[CLS", "cls]", "FOO", "foo", "$"];

test.each([
  ["in lower case", bert()],
  ["as it is written", bert({ lowercase: false })],
  ["with a token that is a word", bert({ added: [token("foo", 90)] })],
  ["with a token that is found in texts made lower case", bert({ added: [token("<foo>", 90, { normalized: true })] })],
  ["with a token that is a sign", bert({ added: [token("$", 90, { lstrip: true, rstrip: true })] })],
])("gives the ids that the library gives, %s", (_, json) => {
  const tokenizer = new Tokenizer(json, {});
  const encode = encodePlainWords(tokenizer, json, {});
  const random = randomFrom(7);
  for (let turn = 0; turn < 1500; turn++) {
    const text = Array.from({ length: Math.floor(random() * 8) }, () => `${parts[Math.floor(random() * parts.length)]}${random() < 0.6 ? " " : ""}`).join("");
    for (const framed of [true, false]) expect({ text, ids: encode(text, framed) }).toEqual({ text, ids: tokenizer.encode(text, { add_special_tokens: framed }).ids });
  }
});

test("asks for the ids of a word once", () => {
  const json = bert();
  const tokenizer = new Tokenizer(json, {});
  const encode = encodePlainWords(tokenizer, json, {});
  const asked: string[] = [];
  const own = tokenizer.encode.bind(tokenizer);
  tokenizer.encode = ((text: string, options: object) => {
    asked.push(text);
    return own(text, options as never);
  }) as never;
  for (const text of ["The cat sat.", "the CAT!", "the cat é"]) encode(text, true);
  expect(asked).toEqual(["the", "cat", "sat", ".", "!", "the cat é"]);
});
