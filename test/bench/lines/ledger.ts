import { measure, median, type Measurement } from "../measure.ts";
import { line } from "../table.ts";
import type { Bench, Section } from "./section.ts";
import { shoalText } from "./text-jobs.ts";

/** What it costs that a run keeps what it has done: a fast job with and without its ledger, turn by turn. */
export async function ledger(bench: Bench): Promise<Section> {
  const { sentiment } = bench.inputs.jobs;
  const kept: Measurement[] = [];
  const plain: Measurement[] = [];
  for (let turn = 0; turn < Math.max(3, bench.repeats); turn++) {
    kept.push(await measure("ledger: sentiment, kept", shoalText(bench, sentiment)));
    plain.push(await measure("ledger: sentiment, not kept", shoalText(bench, sentiment, { ledger: false })));
    bench.log(`ledger: ${(kept.at(-1)?.seconds ?? NaN).toFixed(2)} s kept, ${(plain.at(-1)?.seconds ?? NaN).toFixed(2)} s not`);
  }
  const [ours, without] = [median(kept), median(plain)];
  return {
    lines: [
      line("ledger: time of the sentiment job that keeps one against one that does not", ours.seconds, without.seconds, { atMost: 1.03 }, "s"),
      line("ledger: CPU time of it", ours.cpuSeconds, without.cpuSeconds, { atMost: 1.03 }, "s"),
    ],
    runs: [ours, without].map((measurement) => ({ measurement, distinct: sentiment.distinct })),
  };
}
