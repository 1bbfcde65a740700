import { measure, script, type Measurement } from "../measure.ts";
import { pinned } from "../pinned.ts";
import { line, type Line } from "../table.ts";
import type { Bench, Section } from "./section.ts";

const goal = 20_000;

/** Durable commits a second by one process on one core, and how soon the ledger is read again. */
export async function journal(bench: Bench): Promise<Section> {
  const lines: Line[] = [];
  for (const inFlight of [64, 512]) {
    const tries: Measurement[] = [];
    for (let turn = 0; turn < bench.repeats; turn++) {
      const settings = { folder: bench.file(`journal-${inFlight}`), commits: Math.round(100_000 * bench.share), inFlight, replay: inFlight === 512 ? Math.round(200_000 * Math.max(bench.share, 0.5)) : 0 };
      tries.push(await measure(`journal: ${inFlight} in flight`, [...pinned(), ...script("jobs/journal", settings)]));
    }
    const middle = tries.sort((a, b) => number(a, "commitsPerSecond") - number(b, "commitsPerSecond"))[tries.length >> 1] as Measurement;
    const [perSecond, p50, p99, alone] = ["commitsPerSecond", "p50", "p99", "syncsPerSecond"].map((name) => number(middle, name)) as [number, number, number, number];
    bench.log(`journal: ${Math.round(perSecond)} commits/s with ${inFlight} in flight, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms; ${Math.round(alone)} lone syncs/s`);
    lines.push(line(`journal: durable commits a second, ${inFlight} in flight (p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms), against the goal`, perSecond, goal, { atLeast: 1 }, "/s"));
    lines.push(line(`journal: CPU time a commit, ${inFlight} in flight, against that goal on one core`, number(middle, "cpuMicroseconds"), 1e6 / goal, { atMost: 1 }, "µs"));
    lines.push(line(`journal: those commits a second against one sync a record`, perSecond, alone, {}, "/s"));
    if (inFlight === 512) lines.push(line(`journal: opened anew over ${number(middle, "replayed").toLocaleString("en")} commits, against its CPU time`, number(middle, "replaySeconds"), number(middle, "replayCpuSeconds"), {}, "s"));
  }
  return { lines, runs: [] };
}

function number({ said }: Measurement, name: string): number {
  return said[name] as number;
}
