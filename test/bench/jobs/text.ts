// JSON Lines → text classification or vectors → Parquet, with Shoal.
import { connect, parquet, readJsonl } from "shoal";
import { predictText } from "./predict-text.ts";
import { tell, type TextSettings } from "./settings.ts";
import { timedSink } from "./timed-sink.ts";

const settings = JSON.parse(process.argv[2] as string) as TextSettings;
const { sink, first } = timedSink(parquet(settings.out, { mode: "overwrite" }), settings.ledger);
const cluster = settings.on === undefined ? undefined : await connect(settings.on);
const { result, stats } = await predictText(readJsonl(settings.path), settings, sink).run({
  ...(settings.cpus !== undefined && { resources: { cpus: settings.cpus } }),
  ...(cluster !== undefined && { on: cluster }),
});
await cluster?.[Symbol.asyncDispose]();
tell(first(), result.rows, stats);
