import { measure, script, type Measurement } from "../measure.ts";
import { pinned } from "../pinned.ts";
import { line } from "../table.ts";
import type { Bench, Section } from "./section.ts";

const goal = 20_000;

/** Blocks of one row through a whole gateway: offered, leased, answered, checked, stored, committed and handed back; by one process on one core. */
export async function commits(bench: Bench): Promise<Section> {
  const through = async (more: { readonly inMemory?: boolean; readonly checked?: boolean }): Promise<Measurement> => {
    const settings = { folder: bench.file("commits"), blocks: Math.round(60_000 * Math.max(bench.share, 0.2)), workers: 4, ...more };
    const tries: Measurement[] = [];
    for (let turn = 0; turn < bench.repeats; turn++) tries.push(await measure(`commits ${JSON.stringify(more)}`, [...pinned(), ...script("jobs/commits", settings)]));
    return tries.sort((a, b) => number(a, "commitsPerSecond") - number(b, "commitsPerSecond"))[tries.length >> 1] as Measurement;
  };
  const folder = await through({});
  const checked = await through({ checked: true });
  const memory = await through({ inMemory: true });
  bench.log(`commits: ${Math.round(number(folder, "commitsPerSecond"))} blocks/s into a folder at ${number(folder, "cpuMicroseconds").toFixed(1)} µs of CPU each; ${Math.round(number(checked, "commitsPerSecond"))} with each result checked, ${Math.round(number(memory, "commitsPerSecond"))} in memory`);
  return {
    lines: [
      line("commits: blocks a second through the gateway into a folder, durable, on one core, against the goal", number(folder, "commitsPerSecond"), goal, { atLeast: 1 }, "/s"),
      line("commits: CPU time of a block, driver and workers included, against that goal on one core", number(folder, "cpuMicroseconds"), 1e6 / goal, { atMost: 1 }, "µs"),
      line("commits: blocks a second with every result hashed and read first, as those of other machines are", number(checked, "commitsPerSecond"), goal, {}, "/s"),
      line("commits: CPU time of a block against an engine in memory", number(folder, "cpuMicroseconds"), number(memory, "cpuMicroseconds"), {}, "µs"),
    ],
    runs: [],
  };
}

function number({ said }: Measurement, name: string): number {
  return said[name] as number;
}
