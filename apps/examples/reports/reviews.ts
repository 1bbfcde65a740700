// A job whose plan and report the documentation explains.
import { fromItems } from "shoal";
import { sentiment } from "shoal/tiny-models";
import { textClassification } from "shoal/transformers";

const kinds = ["I loved this film", "The food was terrible, and it took them an hour to bring it to the table", "So good", "  "];
const reviews = Array.from({ length: 2000 }, (_, id) => ({ id, stars: id % 6, text: id === 7 ? null : kinds[id % kinds.length] as string }));

export default fromItems(reviews)
  .filter(function hasStars(row) { return row.stars > 0; })
  .map(function trim(row) { return { id: row.id, text: row.text?.trim() as string }; })
  .mapBatches(textClassification({ model: sentiment, input: "text", output: "label" }), { concurrency: 2, batchSize: 64, device: "cpu", onError: "skip" })
  .select("id", "label");
