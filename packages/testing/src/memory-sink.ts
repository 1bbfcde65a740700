import { blockRows, concatBlocks, type Block, type Datasink, type DeadLetter, type Row, type Schema } from "@shoal/core";

/** A sink that keeps what it was given, and says what became of it. */
export interface MemorySink extends Datasink {
  readonly state: "untouched" | "open" | "published" | "discarded" | "left";
  readonly rows: readonly Row[];
  readonly block: Block;
  readonly deadLetters: readonly DeadLetter[];
  readonly schema: Schema | undefined;
}

/** @param unfinished the folder that it says its unfinished output is in: a run may keep its ledger there */
export function memorySink(name = "memory", unfinished?: string): MemorySink {
  let state: MemorySink["state"] = "untouched";
  let schema: Schema | undefined;
  let blocks: Block[] = [];
  const letters: DeadLetter[] = [];
  return {
    name,
    get state() {
      return state;
    },
    get block() {
      return concatBlocks(blocks);
    },
    get rows() {
      return blocks.flatMap((block) => [...blockRows(block)]);
    },
    get deadLetters() {
      return letters;
    },
    get schema() {
      return schema;
    },
    open: () => {
      state = "open";
      return Promise.resolve({
        write: async (block) => void blocks.push(block),
        writeDeadLetters: async (more) => void letters.push(...more),
        publish: async (given) => {
          state = "published";
          schema = given;
          return { location: name, files: [], rows: blocks.reduce((sum, block) => sum + block.rows, 0), bytes: 0, ...(letters.length > 0 ? { deadLetters: `${name}/dead-letters` } : {}) };
        },
        discard: async () => {
          state = "discarded";
          blocks = [];
        },
        ...(unfinished === undefined ? {} : {
          unfinished,
          leave: async () => {
            state = "left";
            blocks = [];
          },
        }),
      });
    },
  };
}
