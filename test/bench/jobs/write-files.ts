// One table as JSON Lines, CSV and Parquet, for the readers.
import { csv, fromItems, jsonl, parquet } from "shoal";
import { sentences } from "../inputs/make-rows.ts";

const { rows, folder } = JSON.parse(process.argv[2] as string) as { rows: number; folder: string };
const items = sentences(rows).map((text, id) => ({ id, text, score: (id * 7919) % 1000 / 1000, label: id % 3 === 0 ? "good" : "bad" }));
const table = fromItems(items);
for (const sink of [jsonl(`${folder}table.jsonl`, { mode: "overwrite" }), csv(`${folder}table.csv`, { mode: "overwrite" }), parquet(`${folder}table.parquet`, { mode: "overwrite" })]) {
  await table.to(sink).run();
}
const now = Date.now() / 1000;
console.log(JSON.stringify({ t_first: now, n_first: 0, t_end: now, rows }));
