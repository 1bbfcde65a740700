import type { Block, Datasink, SinkWriter } from "@shoal/core";

/** A sink that notes when its first rows came. @param ledger false: it says nothing of where it is unfinished, so that the run keeps none. */
export function timedSink(sink: Datasink, ledger = true): { readonly sink: Datasink; readonly first: () => { readonly t_first: number; readonly n_first: number } } {
  let first: { t_first: number; n_first: number } | undefined;
  const timed = (writer: SinkWriter): SinkWriter => ({
    write: (block: Block) => {
      if (block.rows > 0) first ??= { t_first: Date.now() / 1000, n_first: block.rows };
      return writer.write(block);
    },
    writeDeadLetters: (letters) => writer.writeDeadLetters(letters),
    publish: (schema) => writer.publish(schema),
    discard: () => writer.discard(),
    ...(ledger && writer.unfinished !== undefined && { unfinished: writer.unfinished, leave: async () => writer.leave?.() }),
  });
  return {
    sink: { ...sink, open: async (signal, options) => timed(await sink.open(signal, options)) },
    first: () => first ?? { t_first: Date.now() / 1000, n_first: 0 },
  };
}
