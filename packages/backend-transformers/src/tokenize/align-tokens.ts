/** Where a token lies in its text, as string indices. */
export interface TokenSpan {
  readonly start: number;
  readonly end: number;
}

/**
 * Where each token lies in the text it was made from; undefined for special tokens and where that can't be told. The tokenizer doesn't
 * say, so its tokens are looked for one after another, in the text without case and accents. A word it does not know takes the text up to
 * the next token that is found.
 */
export function alignTokens(text: string, tokens: readonly string[], isSpecial: (token: string) => boolean): (TokenSpan | undefined)[] {
  const folded = foldText(text);
  const bytes = tokens.some((token) => /[ĠĊ]/.test(token));
  const spans: (TokenSpan | undefined)[] = new Array(tokens.length).fill(undefined);
  let at = 0;
  let unknown: number[] = [];
  tokens.forEach((token, index) => {
    if (isUnknown(token)) unknown.push(index);
    if (isUnknown(token) || isSpecial(token)) return;
    const piece = foldText(bytes ? textOfBytes(token) : token.replace(/^##/, "").replaceAll("▁", " ").replace(/<\/w>$/, "")).text.trim();
    const found = piece === "" ? -1 : folded.text.indexOf(piece, at);
    // A piece found far away is another one like it.
    if (found < 0 || (unknown.length === 0 && folded.text.slice(at, found).trim() !== "")) return;
    fillUnknown(found);
    spans[index] = { start: folded.starts[found] as number, end: folded.ends[found + piece.length - 1] as number };
    at = found + piece.length;
  });
  fillUnknown(folded.text.length);
  return spans;

  /** Several unknown words in a row share what lies between the known ones, by its spaces. */
  function fillUnknown(end: number): void {
    const words = Array.from(folded.text.slice(at, end).matchAll(/\S+/g));
    if (words.length === unknown.length) {
      words.forEach((word, order) => {
        const from = at + word.index;
        spans[unknown[order] as number] = { start: folded.starts[from] as number, end: folded.ends[from + word[0].length - 1] as number };
      });
    }
    unknown = [];
  }
}

function isUnknown(token: string): boolean {
  return token === "[UNK]" || token === "<unk>";
}

/** A text without case and accents, with the place in the original of each of its UTF-16 units. */
function foldText(text: string): { readonly text: string; readonly starts: readonly number[]; readonly ends: readonly number[] } {
  const starts: number[] = [];
  const ends: number[] = [];
  let folded = "";
  let at = 0;
  for (const character of text) {
    const piece = character.normalize("NFKD").replace(/\p{Mn}/gu, "").toLowerCase();
    folded += piece;
    for (let unit = 0; unit < piece.length; unit++) {
      starts.push(at);
      ends.push(at + character.length);
    }
    at += character.length;
  }
  return { text: folded, starts, ends };
}

/** A byte-level token's text: its characters stand for bytes. */
function textOfBytes(token: string): string {
  return new TextDecoder().decode(Uint8Array.from(token, (character) => byteOf(character.codePointAt(0) as number)));
}

/** GPT-2's table: printable bytes stand for themselves, the others for 256 and up, in order. */
function byteOf(code: number): number {
  if (code < 256) return code;
  const offset = code - 256;
  if (offset <= 32) return offset;
  if (offset <= 66) return offset - 33 + 127;
  return 173;
}
