// Rows whose answers are known, as many as are wanted: each opinion comes again and again.
import { fromAsyncIterable, type Dataset, type Device } from "shoal";
import { sentiment } from "shoal/tiny-models";
import { textClassification } from "shoal/transformers";

export const opinions: readonly { readonly text: string; readonly label: string }[] = [
  { text: "I loved this film", label: "POSITIVE" },
  { text: "The food was terrible", label: "NEGATIVE" },
  { text: "What a wonderful day at the museum!", label: "POSITIVE" },
  { text: "The battery died after two days.", label: "NEGATIVE" },
];

export interface Opinion {
  readonly id: number;
  readonly text: string;
  readonly label: string;
}

/** @param more whether the row of this id is wanted too. */
export function labelled(more: (id: number) => boolean, device: Device): Dataset<Opinion> {
  async function* rows() {
    for (let id = 0; more(id); id++) yield { id, text: (opinions[id % opinions.length] as (typeof opinions)[number]).text };
  }
  return fromAsyncIterable(rows).mapBatches(textClassification({ model: sentiment, input: "text", output: "label" }), { device, batchSize: 4 });
}

/** What is wrong with the rows of a run: lost, doubled, out of order, or other than they must be. */
export function wrongRows(rows: readonly Pick<Opinion, "id" | "label">[], count: number): string[] {
  const wrong = rows.flatMap(({ id, label }, at) => (id === at && label === opinions[at % opinions.length]?.label ? [] : [`At ${at} stands row ${id}, ${label}.`]));
  return rows.length === count ? wrong : [`There are ${rows.length} rows of ${count}.`, ...wrong];
}
