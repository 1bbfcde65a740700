import type { ColumnType } from "@shoal/core";
import { encodedTypes } from "@shoal/core/arrow";
import { sameBytes } from "../../connection/same-bytes.ts";

type Types = Readonly<Record<string, ColumnType>>;

/** Longer ones are not kept: they are what only strangers send. */
const mostSchemaBytes = 1 << 16;
/** Of a message of Arrow's stream: a mark, and how long what describes it is. */
const prefixBytes = 8;
const mark = -1;

/** Reads the types of answers' columns. Nearly all answers of a segment begin with the very bytes of the one before, and those are not read again. */
export class AnswerSchema {
  #bytes: Uint8Array | undefined;
  #types: Types = {};

  /** @throws what Arrow throws where there is no schema */
  typesOf(answer: Uint8Array): Types {
    const schema = schemaOf(answer);
    if (schema !== undefined && this.#bytes !== undefined && sameBytes(schema, this.#bytes)) return this.#types;
    const types = encodedTypes(answer);
    if (schema !== undefined) [this.#bytes, this.#types] = [schema.slice(), types];
    return types;
  }
}

/** The first message of a stream, which alone says what columns there are; undefined where it is not to be kept. */
function schemaOf(answer: Uint8Array): Uint8Array | undefined {
  if (answer.byteLength < prefixBytes) return undefined;
  const view = new DataView(answer.buffer, answer.byteOffset, prefixBytes);
  const end = prefixBytes + view.getInt32(4, true);
  return view.getInt32(0, true) !== mark || end <= prefixBytes || end > Math.min(answer.byteLength, mostSchemaBytes) ? undefined : answer.subarray(0, end);
}
