import { readFileSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { TextSettings } from "../jobs/settings.ts";
import { measureProcess, programFile, type Measurement } from "../measure.ts";
import { line } from "../table.ts";
import type { Bench, Section } from "./section.ts";

const command = fileURLToPath(new URL("../../../packages/shoal/dist/cli/main.js", import.meta.url));
/** Of the sentiment job, so that the run takes twenty seconds and more. */
const times = { peers: 2, generated: 5 };

/** The command with `--share` where nobody joins, against the plain command, turn by turn: whole processes, from their start to their end. */
export async function share(bench: Bench): Promise<Section> {
  const { sentiment } = bench.inputs.jobs;
  const path = bench.file("share.jsonl");
  const repeat = bench.inputs.peers === undefined ? times.generated : times.peers;
  writeFileSync(path, readFileSync(sentiment.path, "utf8").repeat(repeat));
  const rows = sentiment.rows * repeat;
  const run = async (label: string, flags: readonly string[]): Promise<Measurement> => {
    const out = bench.file(`share-${flags.length}.parquet`);
    const settings: TextSettings = { job: "sentiment", path, model: sentiment.model, out, concurrency: bench.cores };
    const measured = await measureProcess(`share: sentiment, ${label}`, [process.execPath, command, "run", ...flags, programFile("jobs/share-job"), JSON.stringify(settings)], rows);
    if (statSync(out).size === 0) throw new Error(`${out} is empty.`);
    return measured;
  };
  const pairs: { readonly shared: Measurement; readonly plain: Measurement }[] = [];
  for (let turn = 0; turn < Math.max(3, bench.repeats); turn++) {
    // Whoever goes second finds a warmer machine: by turns.
    const first = turn % 2 === 0 ? await run("shared", ["--share"]) : undefined;
    const plain = await run("plain", []);
    const shared = first ?? (await run("shared", ["--share"]));
    pairs.push({ shared, plain });
    bench.log(`share: ${shared.seconds.toFixed(2)} s shared (${shared.cpuSeconds.toFixed(1)} s of CPU), ${plain.seconds.toFixed(2)} s plain (${plain.cpuSeconds.toFixed(1)} s)`);
  }
  const { shared, plain } = middle(pairs, ({ seconds }) => seconds);
  const byCpu = middle(pairs, ({ cpuSeconds }) => cpuSeconds);
  return {
    lines: [
      line(`share: sentiment, ${rows.toLocaleString("en")} rows, time with --share and no guests against the plain run (the pair in the middle of ${pairs.length})`, shared.seconds, plain.seconds, { atMost: 1.03 }, "s"),
      line("share: CPU time of it (the pair in the middle by this)", byCpu.shared.cpuSeconds, byCpu.plain.cpuSeconds, {}, "s"),
      line("share: peak memory of it", shared.peakMB, plain.peakMB, {}, "MB"),
    ],
    runs: [shared, plain].map((measurement) => ({ measurement, distinct: sentiment.distinct })),
  };
}

function middle<T extends { readonly shared: Measurement; readonly plain: Measurement }>(pairs: readonly T[], of: (measurement: Measurement) => number): T {
  const ratio = ({ shared, plain }: T): number => of(shared) / of(plain);
  return [...pairs].sort((a, b) => ratio(a) - ratio(b))[pairs.length >> 1] as T;
}
