import { preview, ShoalError } from "@shoal/core";

/** What JSON text is wrong, where in the file it stands, and why. */
export function jsonError(cause: unknown, text: string, start: { readonly path: string; readonly line: number; readonly byte: number }): ShoalError {
  const { at, reason } = findJsonError(text);
  const before = text.slice(0, at);
  const lastBreak = before.lastIndexOf("\n");
  const line = start.line + before.split("\n").length - 1;
  const column = at - lastBreak;
  const byte = start.byte + new TextEncoder().encode(before).byteLength;
  const near = at < text.length ? ` near ${preview(text.slice(Math.max(0, at - 15), at + 15))}` : "";
  const looksLike = formatOf(text, at, lastBreak);
  return new ShoalError("invalid-json", `${start.path}:${line}:${column}: ${reason}${near} (byte ${byte}).`, {
    hint: looksLike === undefined ? "Mend this place; JSON has double quotes, no comments, no trailing commas, no NaN." : hints[looksLike],
    failure: "row",
    details: { path: start.path, line, column, byte, ...(looksLike !== undefined && { looksLike }) },
    cause,
  });
}

const hints = {
  json: "This looks like a JSON array over many lines: read it as json, not as jsonl.",
  jsonl: "This looks like JSON Lines, a value a line: read it as jsonl, not as json.",
} as const;

/** The format that the file has by its looks, where that is another one than its name says. */
function formatOf(text: string, at: number, lastBreak: number): keyof typeof hints | undefined {
  if (lastBreak < 0 && text.trim() === "[") return "json";
  // A whole value on a line of its own, and then another.
  if (lastBreak >= 0 && lastBreak === at - 1 && /^[[{"\dtfn-]/.test(text.slice(at, at + 1)) && isJson(text.slice(0, at))) return "jsonl";
  return undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const space = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const word = /true|false|null/y;

/** The first place where text is no JSON. Engines word this differently, or not at all. */
function findJsonError(text: string): { readonly at: number; readonly reason: string } {
  const open: ("[" | "{")[] = [];
  let at = 0;
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at = pattern.lastIndex;
    return match !== null;
  };
  const fail = (what: string) => ({ at, reason: at >= text.length ? `the text ends where ${what} was expected` : `${what} was expected, not ${JSON.stringify(String.fromCodePoint(text.codePointAt(at) as number))}` });
  const failString = () => {
    const unit = text.charCodeAt(at);
    return { at, reason: at >= text.length ? "a string is not closed" : unit < 0x20 ? "a control character stands bare in a string" : "a string has an escape that JSON does not know" };
  };
  const skipString = (): boolean => {
    const end = endOfString(text, at);
    at = end.at;
    return end.closed;
  };

  for (;;) {
    // A value, or the key before one.
    skip(space);
    const inside = open.at(-1);
    if (inside === "{") {
      if (text[at] !== '"') return fail("a key in double quotes");
      if (!skipString()) return failString();
      skip(space);
      if (text[at] !== ":") return fail('":"');
      at++;
      skip(space);
    }
    const begin = text[at];
    if (begin === "[" || begin === "{") {
      at++;
      skip(space);
      if (text[at] !== (begin === "[" ? "]" : "}")) {
        open.push(begin);
        continue;
      }
      at++;
    } else if (begin === '"') {
      if (!skipString()) return failString();
    } else if (!skip(number) && !skip(word)) {
      return fail("a value");
    }
    // What may follow a value.
    for (;;) {
      skip(space);
      const around = open.at(-1);
      if (around === undefined) return at < text.length ? fail("the end of the line or text") : { at, reason: "it can't be parsed" };
      if (text[at] === ",") {
        at++;
        break;
      }
      if (text[at] !== (around === "[" ? "]" : "}")) return fail(around === "[" ? '"," or "]"' : '"," or "}"');
      at++;
      open.pop();
    }
  }
}

const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** Behind the string that begins at `start`, or, when it is not closed well, where it goes wrong. No pattern: strings may be very long. */
export function endOfString(text: string, start: number): { readonly at: number; readonly closed: boolean } {
  for (let at = start + 1; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) return { at: at + 1, closed: true };
    if (unit < 0x20) return { at, closed: false };
    if (unit === 0x5c) {
      escape.lastIndex = at;
      if (!escape.test(text)) return { at, closed: false };
      at = escape.lastIndex - 1;
    }
  }
  return { at: text.length, closed: false };
}
