import type { JobInput } from "../inputs/inputs.ts";
import { measure, median, script, type Measurement } from "../measure.ts";
import { line } from "../table.ts";
import type { Bench, Section } from "./section.ts";
import { shoalText } from "./text-jobs.ts";

const cost = 1024;

/**
 * What the engine adds: one actor of one thread against a tight loop over the very batches it makes, which only runs the session. The
 * batches are recorded by an actor first; a fixed budget makes them the same in every run.
 */
export async function overhead(bench: Bench, input: JobInput): Promise<Section> {
  const { job, path, model, distinct } = input;
  const settings = { job, path, model, concurrency: 1, cpus: 1, maxBatchCost: cost };
  const record = bench.file(`${job}-batches.bin`);
  const recorded = await measure(`${job}: recording batches`, script("jobs/record", { ...settings, out: bench.file(`${job}-recorded.jsonl`) }), { SHOAL_BENCH_RECORD: record });
  const engine: Measurement[] = [];
  const loops: Measurement[] = [];
  for (let turn = 0; turn < bench.repeats; turn++) {
    engine.push(await measure(`${job}: Shoal, one actor of one thread`, shoalText(bench, input, settings)));
    loops.push(await measure(`${job}: the same batches in a loop`, script("baselines/replay-loop", { record, model, threads: 1 })));
    bench.log(`${job}: engine ${seconds(engine.at(-1)).toFixed(2)} s, loop ${seconds(loops.at(-1)).toFixed(2)} s`);
  }
  const ours = median(engine);
  const loop = median(loops);
  if (recorded.said["batches"] !== ours.said["batches"]) throw new Error(`${job}: ${String(recorded.said["batches"])} batches were recorded, ${String(ours.said["batches"])} measured.`);
  return {
    lines: [line(`${job}: time of the engine against a loop over the same ${String(loop.said["batches"])} batches`, seconds(ours), seconds(loop), { atMost: 1.05 }, "s")],
    runs: [ours, loop].map((measurement) => ({ measurement, distinct })),
  };
}

/** For all rows, at the pace after the first ones. */
function seconds(measurement: Measurement | undefined): number {
  return measurement === undefined ? NaN : measurement.rows / measurement.steady;
}
