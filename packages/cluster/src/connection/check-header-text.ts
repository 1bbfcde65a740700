import { badMessage } from "./bad-message.ts";

const [quote, backslash, openBrace, closeBrace, openBracket, closeBracket] = [0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d];

/**
 * That no more than `most` objects and lists lie within each other, before the JSON is parsed: what walks over it afterwards may recurse.
 * @throws `bad-message`
 */
export function checkNesting(json: Uint8Array, most: number): void {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (inText) {
      if (byte === backslash) at++;
      else if (byte === quote) inText = false;
    } else if (byte === quote) inText = true;
    else if (byte === openBrace || byte === openBracket) {
      if (++depth > most) throw badMessage(`A message's header is nested deeper than ${most}.`);
    } else if (byte === closeBrace || byte === closeBracket) depth--;
  }
}

const [kindOfResult, kindOfPart] = ['{"kind":"result"', '{"kind":"part"'].map((text) => new TextEncoder().encode(text)) as [Uint8Array, Uint8Array];

/** Whether a header, still in bytes, lists rows that failed: such a one may be long. The kind comes first in what `encodeMessage` writes. */
export function listsFailures(header: Uint8Array): boolean {
  return startsWith(header, kindOfResult) || startsWith(header, kindOfPart);
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.every((byte, at) => bytes[at] === byte);
}
