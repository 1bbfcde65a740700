import { definePredictor, fromItems } from "shoal";

export const parsed = definePredictor<{ json: string[] }, "rows">()(import.meta, "parsed", {
  batchFormat: "rows",
  predict: (rows) => rows.map((row) => ({ ...row, name: (JSON.parse(row.json) as { name: string }).name })),
});

export default fromItems([{ json: `{ "name": "Ada" }` }, { json: `{ "name": ` }, { json: `{ "name": "Grace" }` }])
  .mapBatches(parsed, { onError: "skip" });
