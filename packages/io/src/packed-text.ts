import type { Block, Column } from "@shoal/core";

/** A column of text as bytes. */
interface PackedText {
  readonly bytes: Uint8Array;
  /** In UTF-16 units where all is ASCII, and otherwise in bytes: where each row ends. */
  readonly ends: Uint32Array;
  readonly missing: Uint8Array | undefined;
}

/** A block that waits: its text is kept as bytes, for strings that wait for long become garbage that only a full collection finds. */
export interface WaitingBlock {
  readonly block: Block;
  readonly packed: ReadonlyMap<string, PackedText>;
}

export function packBlock(block: Block): WaitingBlock {
  const packed = new Map<string, PackedText>();
  const columns: Record<string, Column> = {};
  for (const [name, column] of Object.entries(block.columns)) {
    if (column.type.kind === "utf8") packed.set(name, packText(column.values as readonly (string | null)[]));
    columns[name] = column.type.kind === "utf8" ? { ...column, values: [] } : column;
  }
  return { block: { ...block, columns }, packed };
}

export function unpackBlock({ block, packed }: WaitingBlock): Block {
  const columns: Record<string, Column> = {};
  for (const [name, column] of Object.entries(block.columns)) {
    const text = packed.get(name);
    columns[name] = text === undefined ? column : { ...column, values: unpackText(text) };
  }
  return { ...block, columns };
}

const encoder = new TextEncoder();
// A byte order mark within a value is part of it.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function packText(texts: readonly (string | null)[]): PackedText {
  const joined = texts.join("");
  let bytes = encoder.encode(joined);
  const ends = new Uint32Array(texts.length);
  const parts = bytes.length === joined.length ? undefined : texts.map((text) => encoder.encode(text ?? ""));
  // Half a surrogate pair at a text's end would meet the other half at the next one's beginning.
  if (parts !== undefined) bytes = joinedBytes(parts);
  let missing: Uint8Array | undefined;
  let end = 0;
  texts.forEach((text, row) => {
    end += parts?.[row]?.length ?? text?.length ?? 0;
    ends[row] = end;
    if (text === null) (missing ??= new Uint8Array(texts.length))[row] = 1;
  });
  return { bytes, ends, missing };
}

function joinedBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function unpackText({ bytes, ends, missing }: PackedText): (string | null)[] {
  const whole = decoder.decode(bytes);
  const isAscii = whole.length === bytes.length;
  return Array.from(ends, (end, row) => {
    if (missing?.[row] === 1) return null;
    const start = row === 0 ? 0 : (ends[row - 1] as number);
    return isAscii ? whole.slice(start, end) : decoder.decode(bytes.subarray(start, end));
  });
}
