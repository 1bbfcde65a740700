import type { EntityGroup, TokenEntity } from "../token-classification.ts";
import type { TextTokenizer } from "../tokenize/text-tokenizer.ts";

export interface FoundToken extends TokenEntity {
  readonly id: number;
}

/** Neighbouring tokens of one label together, by the prefixes B, I, E and S: as transformers.js' strategy "simple". */
export function groupEntities(tokens: readonly FoundToken[], tokenizer: Pick<TextTokenizer, "decode">): EntityGroup[] {
  const groups: { readonly tag: string; readonly tokens: FoundToken[] }[] = [];
  let open: string | undefined;
  for (const token of tokens) {
    const [prefix, tag] = splitLabel(token.entity);
    if (open === tag && prefix !== "B" && prefix !== "S") {
      groups.at(-1)?.tokens.push(token);
      if (prefix === "E") open = undefined;
    } else {
      groups.push({ tag, tokens: [token] });
      open = prefix === "S" ? undefined : tag;
    }
  }
  return groups.map(({ tag, tokens: own }) => ({
    entity_group: tag,
    score: own.reduce((sum, { score }) => sum + score, 0) / own.length,
    word: tokenizer.decode(own.map(({ id }) => id)),
    start: own[0]?.start ?? null,
    end: own.at(-1)?.end ?? null,
  }));
}

/** `B-city` → `B`, `city`. */
function splitLabel(label: string): [prefix: string, tag: string] {
  return /^[BIES]-/.test(label) ? [label[0] as string, label.slice(2)] : ["I", label];
}
