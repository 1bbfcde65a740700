// One pipeline for every runtime: run.ts runs it with Node, Bun and Deno, page/main.ts in a tab.
import { readJsonl, type Device } from "shoal";
import { sentiment } from "shoal/tiny-models";
import { textClassification } from "shoal/transformers";

/** A review as the file has it. */
export interface Review {
  readonly id: number;
  readonly review: string;
}

const reviews = new URL("./reviews.jsonl", import.meta.url).href;

/** The reviews beside this file, or of a file that somebody chose in the page. */
export function read(source: string | Blob = reviews) {
  return readJsonl<Review>(source);
}

/** Labels reviews. */
export function opinions(source?: string | Blob, device: Device = "auto") {
  return read(source)
    .mapBatches(textClassification({ model: sentiment, input: "review", output: "opinion", scoreOutput: "certainty" }), { device });
}

export default opinions();
