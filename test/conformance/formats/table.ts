import { blockRows, concatBlocks, ShoalError, type Block, type Datasink, type DeadLetter } from "@shoal/core";

/** Rows into a table of a store in memory; a database would put them into one transaction. */
export function table(store: Map<string, readonly unknown[]>, name: string, mode: "error" | "overwrite" = "error"): Datasink {
  return {
    name: `table(${name})`,
    async open(signal) {
      signal.throwIfAborted();
      if (mode === "error" && store.has(name)) throw new ShoalError("output-exists", `There is a table ${name}.`, { hint: `Name another, or say "overwrite".` });
      const blocks: Block[] = [];
      const letters: DeadLetter[] = [];
      return {
        write: async (block) => void blocks.push(block),
        writeDeadLetters: async (more) => void letters.push(...more),
        async publish() {
          const rows = [...blockRows(concatBlocks(blocks))];
          store.set(name, rows);
          store.delete(`${name}-dead-letters`);
          const result = { location: name, files: [name], rows: rows.length, bytes: JSON.stringify(rows).length };
          if (letters.length === 0) return result;
          store.set(`${name}-dead-letters`, letters);
          return { ...result, deadLetters: `${name}-dead-letters` };
        },
        discard: async () => {}, // nothing is in the store before `publish`
      };
    },
  };
}
