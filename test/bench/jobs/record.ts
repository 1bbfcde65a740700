// The text job once, in actors that keep their batches; its speed does not matter.
import { rmSync } from "node:fs";
import { silentLogger } from "@shoal/core";
import { dataset, type DatasetRuntime } from "@shoal/dataset";
import { jsonl, jsonlSource } from "@shoal/io";
import { detectResources, processHost } from "@shoal/workers/local";
import { predictText } from "./predict-text.ts";
import { tell, type TextSettings } from "./settings.ts";
import { timedSink } from "./timed-sink.ts";

const settings = JSON.parse(process.argv[2] as string) as TextSettings;
rmSync(process.env["SHOAL_BENCH_RECORD"] as string, { force: true });

const runtime: DatasetRuntime = {
  settings: {},
  print: () => {},
  async open() {
    const host = processHost({ entry: new URL("./recording-actor-entry.js", import.meta.url), log: silentLogger });
    const detected = detectResources();
    return { host, resources: { ...detected, cpus: settings.cpus ?? detected.cpus }, [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() };
  },
};
const { sink, first } = timedSink(jsonl(settings.out, { mode: "overwrite" }));
const { result, stats } = await predictText(dataset(jsonlSource(settings.path), runtime), settings, sink).run();
tell(first(), result.rows, stats);
