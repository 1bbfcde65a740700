import type { Block, Clock } from "@shoal/core";
import type { StageRecorder } from "./stage-recorder.ts";

/** The same stream, with rows and time counted. */
export function metered(source: AsyncIterable<Block>, record: StageRecorder, { clock, onProgress }: { readonly clock: Clock; readonly onProgress: () => void }): AsyncIterable<Block> {
  return {
    [Symbol.asyncIterator]() {
      const blocks = source[Symbol.asyncIterator]();
      return {
        async next() {
          record.start();
          const began = clock.now();
          try {
            const next = await blocks.next();
            if (next.done) {
              record.completed = true;
              record.end();
            } else if (next.value.rows > 0) {
              record.rowsOut += next.value.rows;
              record.blocks++;
              onProgress();
            }
            return next;
          } finally {
            record.inclusiveMs += clock.now() - began;
          }
        },
        async return() {
          record.end();
          await blocks.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
