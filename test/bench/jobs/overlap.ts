// One actor of one thread whose predictor has a preprocess: how long both stages take.
import { range } from "shoal";
import { decodeAndRun, type Stages } from "./decode-and-run.ts";
import { tell } from "./settings.ts";
import { timedSink } from "./timed-sink.ts";
import { jsonl } from "shoal";

const { rows, out, ...stages } = JSON.parse(process.argv[2] as string) as Stages & { readonly rows: number; readonly out: string };
const { sink, first } = timedSink(jsonl(out, { mode: "overwrite" }));
const { result, stats } = await range(rows).mapBatches(decodeAndRun, { args: stages, batchSize: 16 }).to(sink).run({ resources: { cpus: 1 } });
tell(first(), result.rows, stats);
