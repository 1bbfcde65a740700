import { findChromium } from "../../runtimes/find-chromium.ts";
import type { JobInput } from "../inputs/inputs.ts";
import { median, type Measurement } from "../measure.ts";
import { Tab } from "../tab.ts";
import { absent, line } from "../table.ts";
import type { Bench, Section } from "./section.ts";

const cost = 1024;

/**
 * What the engine adds in a tab: one actor of one thread on wasm against a loop in a worker that only runs the session over the very
 * batches it makes. The batches are recorded by an actor first; a fixed budget makes them the same in every run.
 */
export async function tabOverhead(bench: Bench, input: JobInput): Promise<Section> {
  const { job, distinct } = input;
  const what = `${job}, in a tab: time of the engine against a loop over the same batches`;
  const executablePath = findChromium();
  if (executablePath === undefined) return { lines: [absent(what, "no Chromium")], runs: [] };
  await using tab = await Tab.open(executablePath, { "rows.jsonl": input.path, model: input.model });
  // A wasm build takes many times as long as the native one.
  const settings = { job, path: "/rows.jsonl", model: "/model/", device: "wasm", concurrency: 1, cpus: 1, maxBatchCost: cost, rows: Math.ceil(input.rows / 10) } as const;
  const recorded = await tab.measure(`${job}: recording batches in a tab`, "record", settings);
  const engine: Measurement[] = [];
  const loops: Measurement[] = [];
  for (let turn = 0; turn < bench.repeats; turn++) {
    engine.push(await tab.measure(`${job}, in a tab: Shoal, one actor of one thread`, "job", settings));
    loops.push(await tab.measure(`${job}, in a tab: the same batches in a loop`, "loop", "/model/onnx/model.onnx", 1, recorded.said.n_first));
    bench.log(`${job}, in a tab: engine ${took(engine.at(-1) as Measurement)}, loop ${took(loops.at(-1) as Measurement)}`);
  }
  const ours = median(engine);
  const loop = median(loops);
  if (recorded.said["recorded"] !== ours.said["batches"]) throw new Error(`${job}: ${String(recorded.said["recorded"])} batches were recorded, ${String(ours.said["batches"])} measured.`);
  return {
    lines: [
      line(`${job}, in a tab: time of the engine against a loop over the same ${String(loop.said["batches"])} batches`, seconds(ours), seconds(loop), { atMost: 1.05 }, "s"),
      line(`${job}, in a tab: CPU time of the busiest worker`, middle(engine, busiest), middle(loops, busiest), {}, "s"),
      line(`${job}, in a tab: CPU time of all workers`, middle(engine, all), middle(loops, all), {}, "s"),
    ],
    runs: [ours, loop].map((measurement) => ({ measurement, distinct })),
  };
}

/** For all rows, at the pace after the first ones. */
function seconds(measurement: Measurement | undefined): number {
  return measurement === undefined ? NaN : measurement.rows / measurement.steady;
}

function workerSeconds({ said }: Measurement): readonly number[] {
  return said["workerSeconds"] as readonly number[];
}

const busiest = (measurement: Measurement): number => workerSeconds(measurement)[0] ?? NaN;
const all = (measurement: Measurement): number => workerSeconds(measurement).reduce((total, value) => total + value, 0);

/** Of the run in the middle by this, which need not be the one in the middle by time. */
function middle(measurements: readonly Measurement[], value: (measurement: Measurement) => number): number {
  return measurements.map(value).sort((a, b) => a - b)[Math.floor(measurements.length / 2)] as number;
}

function took(measurement: Measurement): string {
  return `${seconds(measurement).toFixed(2)} s (CPU of its workers ${workerSeconds(measurement).map((value) => value.toFixed(2)).join(" + ")} s)`;
}
