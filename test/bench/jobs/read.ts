// Reads every column of every row of a file, and nothing else.
import { readCsv, readJsonl, readParquet } from "shoal";

const { path, format } = JSON.parse(process.argv[2] as string) as { path: string; format: "jsonl" | "csv" | "parquet" };
interface TableRow {
  readonly id: number;
  readonly text: string;
  readonly score: number;
  readonly label: string;
}
const table = { jsonl: () => readJsonl<TableRow>(path), csv: () => readCsv<TableRow>(path), parquet: () => readParquet<TableRow>(path) }[format]();
const began = Date.now() / 1000;
let rows = 0;
for await (const batch of table.iterBatches({ batchSize: 4096 })) rows += batch.id.length;
console.log(JSON.stringify({ t_first: began, n_first: 0, t_end: Date.now() / 1000, rows }));
