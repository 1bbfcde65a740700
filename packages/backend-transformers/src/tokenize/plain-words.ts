import type { Tokenizer } from "@huggingface/tokenizers";
import type { Json, JsonObject } from "@shoal/core";

type Encode = (text: string, special: boolean) => number[];

/** Printable ASCII: nothing in it is removed, spaced out or stripped of accents. */
const plain = /^[\t\n\r -~]*$/;
/** As BERT cuts plain texts: all that is neither letter, digit nor space stands alone. */
const word = /[A-Za-z0-9]+|[^\sA-Za-z0-9]/g;
/** Words of a language repeat; what does not, as numbers, must not fill the memory. */
const mostWords = 50_000;

/**
 * Encodes plain texts as BERT's tokenizer does, several times as fast: each of its words becomes the same ids in every text, so that they are
 * asked for once. Any other text goes the library's way, as do all texts of other tokenizers.
 * @param json tokenizer.json
 * @param config tokenizer_config.json
 */
export function encodePlainWords(tokenizer: Tokenizer, json: JsonObject, config: JsonObject): Encode {
  const encode: Encode = (text, special) => tokenizer.encode(text, { add_special_tokens: special }).ids;
  const lowercase = wordsStandAlone(json, config);
  const frame = lowercase === undefined ? undefined : frameOf(encode);
  if (lowercase === undefined || frame === undefined) return encode;
  const added = addedTokens(json);
  const known = new Map<string, readonly number[]>();
  const idsOf = (own: string): readonly number[] => {
    let ids = known.get(own);
    if (ids === undefined) {
      if (known.size >= mostWords) known.clear();
      known.set(own, (ids = encode(own, false)));
    }
    return ids;
  };
  return (text, special) => {
    if (!plain.test(text) || added.some((token) => text.includes(token))) return encode(text, special);
    const ids = special ? [...frame.before] : [];
    for (const own of (lowercase ? text.toLowerCase() : text).match(word) ?? []) for (const id of idsOf(own)) ids.push(id);
    if (special) ids.push(...frame.after);
    return ids;
  };
}

/** Whether it is a tokenizer of that kind, and then whether it wants lower case; undefined where it is not. */
function wordsStandAlone(json: JsonObject, config: JsonObject): boolean | undefined {
  const [normalizer, cutter, model] = ["normalizer", "pre_tokenizer", "model"].map((part) => (json[part] ?? {}) as JsonObject) as [JsonObject, JsonObject, JsonObject];
  const bert = normalizer["type"] === "BertNormalizer" && cutter["type"] === "BertPreTokenizer" && model["type"] === "WordPiece" && model["fuse_unk"] !== true;
  if (!bert || config["remove_space"] === true || config["do_lowercase_and_remove_accent"] === true) return undefined;
  // One that could be a word, or part of one, would be found in words that only became it in lower case.
  const strange = ((json["added_tokens"] ?? []) as readonly JsonObject[]).some((token) => token["normalized"] !== false || !/[^\sA-Za-z0-9]/.test(String(token["content"])));
  return strange ? undefined : normalizer["lowercase"] === true;
}

function addedTokens(json: JsonObject): readonly string[] {
  return ((json["added_tokens"] ?? []) as readonly Record<string, Json>[]).map((token) => String(token["content"]));
}

/** The ids that the template puts before and after every text; undefined where it does something else. */
function frameOf(encode: Encode): { readonly before: readonly number[]; readonly after: readonly number[] } | undefined {
  const empty = encode("", true);
  const frames = ["a", "a b , c"].map((text) => {
    const framed = encode(text, true);
    const bare = encode(text, false);
    const at = framed.findIndex((_, from) => from + bare.length <= framed.length && bare.every((id, offset) => framed[from + offset] === id));
    return at < 0 ? undefined : { before: framed.slice(0, at), after: framed.slice(at + bare.length) };
  });
  const [first, second] = frames;
  const same = first !== undefined && JSON.stringify(first) === JSON.stringify(second) && JSON.stringify([...first.before, ...first.after]) === JSON.stringify(empty);
  return same ? first : undefined;
}
