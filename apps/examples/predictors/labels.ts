import { readDatasource } from "shoal";
import { sentiment } from "shoal/tiny-models";
import { textClassification } from "shoal/transformers";
import { Queue } from "./queue.ts";

const queue = new Queue<{ id: number; text: string }>();
const asked = new Map<number, (label: string) => void>();
let lastId = 0;

/** What a request handler calls. */
export function labelOf(text: string): Promise<string> {
  const id = ++lastId;
  return new Promise((resolve) => {
    asked.set(id, resolve);
    queue.add({ id, text });
  });
}

/** Called once, when the service starts; ends when the signal aborts. */
export async function answer(signal: AbortSignal): Promise<void> {
  const labelled = readDatasource(queue.source())
    .repartition({ rowsPerBlock: 1 }) // a row waits for no others
    .mapBatches(textClassification({ model: sentiment, input: "text", output: "label" }));
  for await (const { id, label } of labelled.iterRows({ signal })) {
    asked.get(id)?.(label);
    asked.delete(id);
  }
}
