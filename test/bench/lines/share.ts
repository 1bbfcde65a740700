import { readFileSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { TextSettings } from "../jobs/settings.ts";
import { measureProcess, programFile, type Measurement } from "../measure.ts";
import { line } from "../table.ts";
import type { Bench, Section } from "./section.ts";

const command = fileURLToPath(new URL("../../../packages/shoal/dist/cli/main.js", import.meta.url));
/** Of the sentiment job, so that the run takes some forty seconds: what a coordinator takes to start is a line of its own. */
const times = { peers: 4, generated: 10 };
const fewRows = 300;
const starts = 5;

/** The command with `--share` where nobody joins, against the plain command, turn by turn: whole processes, from their start to their end. */
export async function share(bench: Bench): Promise<Section> {
  const { sentiment } = bench.inputs.jobs;
  const text = readFileSync(sentiment.path, "utf8");
  const repeat = bench.inputs.peers === undefined ? times.generated : times.peers;
  const many = { path: bench.file("share.jsonl"), rows: sentiment.rows * repeat };
  const few = { path: bench.file("share-few.jsonl"), rows: fewRows };
  writeFileSync(many.path, text.repeat(repeat));
  writeFileSync(few.path, text.split("\n").slice(0, fewRows).join("\n"));
  const run = async (label: string, flags: readonly string[], { path, rows }: typeof many): Promise<Measurement> => {
    const out = bench.file(`share-${flags.length}.parquet`);
    const settings: TextSettings = { job: "sentiment", path, model: sentiment.model, out, concurrency: bench.cores };
    const measured = await measureProcess(`share: sentiment, ${label}`, [process.execPath, command, "run", ...flags, programFile("jobs/share-job"), JSON.stringify(settings)], rows);
    if (statSync(out).size === 0) throw new Error(`${out} is empty.`);
    return measured;
  };
  const byTurns = async (turns: number, input: typeof many): Promise<Pair[]> => {
    const pairs: Pair[] = [];
    for (let turn = 0; turn < turns; turn++) {
      // Whoever goes second finds a warmer machine: by turns.
      const first = turn % 2 === 0 ? await run("shared", ["--share"], input) : undefined;
      const plain = await run("plain", [], input);
      const shared = first ?? (await run("shared", ["--share"], input));
      pairs.push({ shared, plain });
      bench.log(`share: ${input.rows.toLocaleString("en")} rows in ${shared.seconds.toFixed(2)} s shared (${shared.cpuSeconds.toFixed(1)} s of CPU), ${plain.seconds.toFixed(2)} s plain (${plain.cpuSeconds.toFixed(1)} s)`);
    }
    return pairs;
  };
  const started = middle(await byTurns(starts, few), ({ seconds }) => seconds);
  const pairs = await byTurns(Math.max(5, bench.repeats), many);
  const { shared, plain } = middle(pairs, ({ seconds }) => seconds);
  const byCpu = middle(pairs, ({ cpuSeconds }) => cpuSeconds);
  return {
    lines: [
      line(`share: sentiment, ${many.rows.toLocaleString("en")} rows, time with --share and no guests against the plain run (the pair in the middle of ${pairs.length})`, shared.seconds, plain.seconds, { atMost: 1.03 }, "s"),
      line("share: CPU time of it (the pair in the middle by this)", byCpu.shared.cpuSeconds, byCpu.plain.cpuSeconds, {}, "s"),
      line("share: peak memory of it", shared.peakMB, plain.peakMB, {}, "MB"),
      line(`share: a run of ${fewRows} rows, which only starts and ends (the pair in the middle of ${starts})`, started.shared.seconds, started.plain.seconds, {}, "s"),
    ],
    runs: [shared, plain].map((measurement) => ({ measurement, distinct: sentiment.distinct })),
  };
}

interface Pair {
  readonly shared: Measurement;
  readonly plain: Measurement;
}

function middle(pairs: readonly Pair[], of: (measurement: Measurement) => number): Pair {
  const ratio = ({ shared, plain }: Pair): number => of(shared) / of(plain);
  return [...pairs].sort((a, b) => ratio(a) - ratio(b))[pairs.length >> 1] as Pair;
}
