import { createBlock, isTypedArray, jsonSafe, type Column, type Datasource, type Schema } from "@shoal/core";
import { maxBlockRows } from "./cut-block.ts";
import { finishBlocks } from "./file-datasource.ts";

/** What is in memory already, or made from nothing, as a Datasource of one partition. */
export interface MemoryRows {
  readonly name: string;
  readonly rows: number;
  readonly schema: Schema;
  /** Of a block; fewer where rows are large. Default 4096. */
  readonly rowsPerBlock?: number;
  /** As a Datasource says it. */
  readonly sharesMemory?: "columns" | "values";
  /** Changes when the content does. Asked for once, when partitions are. */
  version(): string;
  /** Rows `start` to `end` (exclusive) of the columns asked for. */
  slice(start: number, end: number, columns: readonly string[]): Readonly<Record<string, Column>>;
}

export function memoryDatasource<R>(content: MemoryRows): Datasource<R> {
  const { name, rows, schema, rowsPerBlock = maxBlockRows, sharesMemory } = content;
  const names = schema.fields.map((field) => field.name);
  return {
    name,
    resumable: true,
    prunesColumns: true,
    ...(sharesMemory !== undefined && { sharesMemory }),
    schema: async () => schema,
    countRows: async () => rows,
    async *partitions() {
      yield { id: name, version: content.version(), rows };
    },
    async *read(partition, options) {
      const { firstRow = 0, limit = Infinity, columns } = options;
      const wanted = columns === undefined ? names : columns.filter((column) => names.includes(column));
      const end = Math.min(rows, firstRow + limit);
      async function* blocks() {
        for (let at = firstRow; at < end; at += rowsPerBlock) {
          const to = Math.min(end, at + rowsPerBlock);
          yield createBlock(content.slice(at, to, wanted), [], to - at);
        }
      }
      yield* finishBlocks(blocks(), partition, options);
    },
  };
}

/** Above this, only every n-th value is looked at: a version is wanted at once. */
const maxFingerprintValues = 1_000_000;

/** A hash of the values: 64 bits, not safe against people, good against accidents. */
export function fingerprint(values: Iterable<ArrayLike<unknown>>): string {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  const mix = (word: number): void => {
    a = Math.imul(a ^ word, 2654435761);
    b = Math.imul(b ^ word, 1597334677);
    a ^= b >>> 15;
  };
  const mixText = (text: string): void => {
    for (let at = 0; at < text.length; at++) mix(text.charCodeAt(at));
    mix(text.length);
  };
  const mixArray = (array: ArrayLike<unknown>, maxValues: number): void => {
    mix(array.length);
    const bytes = isTypedArray(array) ? new Uint8Array(array.buffer, array.byteOffset, array.byteLength) : undefined;
    const length = bytes?.length ?? array.length;
    const step = Math.ceil(length / maxValues) || 1;
    for (let at = 0; at < length; at += step) {
      if (bytes !== undefined) mix(bytes[at] as number);
      else if (isTypedArray(array[at])) mixArray(array[at] as ArrayLike<unknown>, Math.ceil((maxValues * step) / length));
      else mixText(textOf(array[at]));
    }
  };
  for (const array of values) mixArray(array, maxFingerprintValues);
  return ((BigInt(a >>> 0) << 32n) | BigInt(b >>> 0)).toString(16).padStart(16, "0");
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value, jsonSafe) ?? String(value);
  } catch {
    return String(value);
  }
}
