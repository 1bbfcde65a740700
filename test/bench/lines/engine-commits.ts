import { startNats } from "../../nats/start-nats.ts";
import type { EngineSettings } from "../jobs/open-bench-engine.ts";
import { type Measurement } from "../measure.ts";
import { line, type Line } from "../table.ts";
import { inWords, layouts, measureWithServers, middle, natsSettings, number } from "./nats-layouts.ts";
import type { Bench } from "./section.ts";

const goal = 10_000;
const depths = [64, 512] as const;

/** Commits alone, by one process, on servers of every layout, beside the embedded engine in a folder. */
export async function engineCommits(bench: Bench): Promise<Line[]> {
  const ms = Math.round(4_000 * Math.max(bench.share, 0.5));
  const through = async (label: string, engine: () => EngineSettings, inFlight: number): Promise<Measurement> => {
    const tries: Measurement[] = [];
    for (let turn = 0; turn < bench.repeats; turn++) tries.push(await measureWithServers(`engines: commits, ${label}`, "jobs/engine-commits", { engine: engine(), inFlight, ms }));
    const one = middle(tries);
    bench.log(`engines: ${label}, ${inFlight} in flight: ${Math.round(number(one, "perSecond"))} commits/s, p50 ${number(one, "p50").toFixed(1)} ms, p99 ${number(one, "p99").toFixed(1)} ms; CPU a commit: here ${number(one, "cpuMicroseconds").toFixed(1)} µs, servers ${number(one, "serverCpuMicroseconds").toFixed(1)} µs`);
    return one;
  };
  const embedded = new Map<number, Measurement>();
  for (const inFlight of depths) embedded.set(inFlight, await through("embedded, in a folder", () => ({ folder: bench.file("engine-commits") }), inFlight));
  const lines: Line[] = [];
  for (const layout of layouts) {
    await using servers = await startNats(layout);
    for (const inFlight of depths) {
      const one = await through(inWords(layout), () => natsSettings(servers), inFlight);
      const beside = embedded.get(inFlight) as Measurement;
      const waits = (of: Measurement): string => `p50 ${number(of, "p50").toFixed(1)} ms, p99 ${number(of, "p99").toFixed(1)} ms`;
      const what = `engines: commits a second, ${inWords(layout)}, ${inFlight} in flight (${waits(one)}`;
      lines.push(line(`${what}; embedded ${waits(beside)}), beside the embedded engine in a folder`, number(one, "perSecond"), number(beside, "perSecond"), {}, "/s"));
      if (layout.servers < 3 || layout.sync !== "always") continue;
      lines.push(line(`${what}), against the goal`, number(one, "perSecond"), goal, inFlight === 512 ? { atLeast: 1 } : {}, "/s"));
      lines.push(line(`engines: CPU time of such a commit, ${inFlight} in flight, of the gateway's side beside the three servers'`, number(one, "cpuMicroseconds"), number(one, "serverCpuMicroseconds"), {}, "µs"));
    }
  }
  return lines;
}
