import type { TextTokenizer } from "../tokenize/text-tokenizer.ts";

/** True when the text of these tokens contains one of the strings, which may span tokens. */
export function containsStop(tokenizer: TextTokenizer, newIds: readonly number[], stop: readonly string[]): boolean {
  // A token holds at least a byte, a character four at most: a string that the last token ends lies within so many.
  const longest = stop.reduce((most, text) => Math.max(most, text.length), 0);
  const window = newIds.slice(-(4 * longest + 4));
  const found = (ids: readonly number[]): boolean => {
    const text = tokenizer.decode(ids);
    return stop.some((one) => text.includes(one));
  };
  // The first word of a window may look otherwise than in its place.
  return found(window) && (window.length === newIds.length || found(newIds));
}

/** The text before the first of the strings. */
export function cutAtStop(text: string, stop: readonly string[]): string {
  const first = stop.map((one) => text.indexOf(one)).filter((at) => at >= 0);
  return first.length === 0 ? text : text.slice(0, Math.min(...first));
}
