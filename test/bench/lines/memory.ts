import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { sentiment } from "@shoal/tiny-models";
import { sentences } from "../inputs/make-rows.ts";
import { measure, type Measurement } from "../measure.ts";
import { line } from "../table.ts";
import type { Bench, Section } from "./section.ts";
import { shoalText } from "./text-jobs.ts";

/** Long enough for every buffer to have been full once: a row group takes some 50,000 such rows. */
const shortRows = 60_000;
/** Long enough for heaps to have met their limits as well: V8 first looks through an actor's old rows after some 100,000 of these. */
const settledRows = 200_000;

/** The same job over ten times the rows: does it hold more memory? */
export async function memory(bench: Bench): Promise<Section> {
  const model = fileURLToPath(sentiment).replace(/\/$/, "");
  const rows = Math.round(shortRows * Math.max(bench.share, 0.1));
  const run = async (count: number): Promise<Measurement> => {
    const path = bench.file(`memory-${count}.jsonl`);
    writeFileSync(path, sentences(count).map((text, id) => `${JSON.stringify({ id, text })}\n`).join(""));
    return measure(`memory: ${count} rows`, shoalText(bench, { job: "sentiment", path, model, rows: count, distinct: 0 }));
  };
  const short = await run(rows);
  const long = await run(10 * rows);
  const settled = Math.round(settledRows * Math.max(bench.share, 0.1));
  const shorter = await run(settled);
  const longer = await run(10 * settled);
  for (const { rows: count, peakMB } of [short, long, shorter, longer]) bench.log(`memory: ${Math.round(peakMB)} MB over ${count} rows`);
  const late = meanMB(long, 0.75, 0.95);
  return {
    lines: [
      line(`memory: peak over ${10 * rows} rows against ${rows}`, long.peakMB, short.peakMB, { atMost: 1.15 }, "MB"),
      line(`memory: peak over ${10 * settled} rows against ${settled}, by which heaps have grown`, longer.peakMB, shorter.peakMB, { atMost: 1.15 }, "MB"),
      line(`memory: the last quarter of the run over ${10 * rows} against its second`, late, meanMB(long, 0.25, 0.5), { atMost: 1.1 }, "MB"),
    ],
    runs: [short, long, shorter, longer].map((measurement) => ({ measurement, distinct: Math.ceil(measurement.rows / 20) })),
  };
}

/** Between two parts of its running time. */
function meanMB({ memory, seconds }: Measurement, from: number, to: number): number {
  const chosen = memory.filter(({ at }) => at >= from * seconds && at <= to * seconds);
  return chosen.reduce((sum, { mb }) => sum + mb, 0) / chosen.length;
}
