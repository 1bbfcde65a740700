import type { Datasink } from "@shoal/core";

/** A sink that keeps nothing of its rows but their number. */
export function countingSink(): Datasink {
  return {
    name: "count()",
    async open() {
      let rows = 0;
      return {
        write: async (block) => void (rows += block.rows),
        writeDeadLetters: async () => {},
        publish: async () => ({ location: "nowhere", files: [], rows, bytes: 0 }),
        discard: async () => {},
      };
    },
  };
}
