import { measure, script, type Measurement } from "../measure.ts";
import { line } from "../table.ts";
import type { Stages } from "../jobs/decode-and-run.ts";
import type { Bench, Section } from "./section.ts";

/** One actor of one thread, whose preprocess (decoding) costs as much as its model: both together against each alone. */
export async function overlap(bench: Bench): Promise<Section> {
  const { encoder } = bench.inputs.jobs;
  const rows = Math.max(160, Math.round(1600 * bench.share));
  const run = (what: string, count: number, stages: Pick<Stages, "decodes" | "tokens">): Promise<Measurement> =>
    measure(`overlap: ${what}`, script("jobs/overlap", { model: encoder.model, photograph: bench.inputs.photograph, rows: count, out: bench.file("overlap.jsonl"), ...stages }));

  // How many tokens cost as much as one picture, in this actor, on this machine.
  const trial = await run("calibration", 160, { decodes: 1, tokens: 16 });
  const tokens = Math.max(1, Math.round((16 * number(trial, "preprocessMs")) / number(trial, "predictMs")));
  const decoding = await run("decoding alone", rows, { decodes: 1, tokens: 0 });
  const model = await run("model alone", rows, { decodes: 0, tokens });
  const both = await run("both", rows, { decodes: 1, tokens });
  const [a, b, together] = [poolSeconds(decoding), poolSeconds(model), poolSeconds(both)];
  bench.log(`overlap: ${a.toFixed(2)} s + ${b.toFixed(2)} s alone, ${together.toFixed(2)} s together`);
  return {
    lines: [line(`overlap: decoding (${a.toFixed(1)} s) and model (${b.toFixed(1)} s) in one actor against their sum`, together, a + b, { atMost: 0.8 }, "s")],
    runs: [decoding, model, both].map((measurement) => ({ measurement, distinct: measurement.rows })),
  };
}

/** From the first row asked for to the last, without loading. */
function poolSeconds(measurement: Measurement): number {
  return (number(measurement, "poolMs") - number(measurement, "loadMs")) / 1000;
}

function number({ said }: Measurement, name: string): number {
  return said[name] as number;
}
