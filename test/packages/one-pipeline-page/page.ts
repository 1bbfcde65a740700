import { fromItems } from "shoal";
import { sentiment } from "shoal/tiny-models";
import { textClassification } from "shoal/transformers";

const labelled = fromItems([{ text: "I loved this film" }, { text: "The food was terrible" }]).mapBatches(textClassification({ model: sentiment, input: "text", output: "label" }));

Object.assign(globalThis, { labels: labelled.takeAll().then((rows) => rows.map((row) => row.label)) });
