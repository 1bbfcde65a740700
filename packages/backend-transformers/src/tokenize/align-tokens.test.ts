import { expect, it } from "vitest";
import { alignTokens } from "./align-tokens.ts";

const special = (token: string): boolean => /^(\[(CLS|SEP|UNK)\]|<s>)$/.test(token);
const pieces = (text: string, tokens: string[]): (string | undefined)[] => alignTokens(text, tokens, special).map((span) => span && text.slice(span.start, span.end));

it("finds word pieces whose case and accents are gone", () => {
  expect(pieces("Crème BRÛLÉE, 2 ﬁne!", ["[CLS]", "creme", "bru", "##lee", ",", "2", "fine", "!", "[SEP]"])).toEqual([undefined, "Crème", "BRÛ", "LÉE", ",", "2", "ﬁne", "!", undefined]);
});

it("finds pieces of Sentencepiece and of byte-level BPE", () => {
  expect(pieces("Hello  world", ["<s>", "▁He", "llo", "▁", "▁world"])).toEqual([undefined, "He", "llo", undefined, "world"]);
  expect(pieces("Ho là\nja", ["Ho", "Ġl", "Ãł", "Ċ", "ja"])).toEqual(["Ho", "l", "à", undefined, "ja"]);
});

it("gives unknown words what lies between the known ones, where that is clear", () => {
  expect(pieces("the 漢字 cat", ["the", "[UNK]", "cat"])).toEqual(["the", "漢字", "cat"]);
  expect(pieces("a 漢 字 b 語", ["a", "[UNK]", "[UNK]", "b", "[UNK]"])).toEqual(["a", "漢", "字", "b", "語"]);
  expect(pieces("a 漢字 b", ["a", "[UNK]", "[UNK]", "b"])).toEqual(["a", undefined, undefined, "b"]);
});

it("counts in string indices behind characters of two units", () => {
  expect(alignTokens("😀 cat", ["[UNK]", "cat"], special)).toEqual([{ start: 0, end: 2 }, { start: 3, end: 6 }]);
});

it("leaves out what is not in the text", () => {
  expect(pieces("one two", ["one", "three", "two"])).toEqual(["one", undefined, "two"]);
});
