import { startNats } from "../../nats/start-nats.ts";
import type { EngineSettings } from "../jobs/open-bench-engine.ts";
import type { Measurement } from "../measure.ts";
import { line, type Line } from "../table.ts";
import { inWords, layouts, measureWithServers, middle, natsSettings, number } from "./nats-layouts.ts";
import type { Bench } from "./section.ts";

const goal = 5_000;

/** Blocks of one row from a driver through gateways into the ledger and back, on servers of every layout, beside the embedded engine in a folder. */
export async function engineBlocks(bench: Bench): Promise<Line[]> {
  const through = async (label: string, engine: () => EngineSettings, more: { readonly blocks: number; readonly workers: number; readonly msEach: number; readonly guests: number }): Promise<Measurement> => {
    const tries: Measurement[] = [];
    const settings = { ...more, blocks: Math.round(more.blocks * Math.max(bench.share, more.msEach > 0 ? 0.3 : 0.2)) };
    // Those that take their time are told apart by more than chance.
    for (let turn = 0; turn < (more.msEach > 0 ? 1 : bench.repeats); turn++) tries.push(await measureWithServers(`engines: blocks, ${label}`, "jobs/engine-blocks", { engine: engine(), ...settings }));
    const one = middle(tries);
    bench.log(`engines: ${label}: ${Math.round(number(one, "perSecond"))} blocks/s; CPU a block: home ${number(one, "cpuMicroseconds").toFixed(0)} µs, servers ${number(one, "serverCpuMicroseconds").toFixed(0)} µs${more.guests > 0 ? `, guests ${number(one, "guestCpuMicroseconds").toFixed(0)} µs for each of theirs, ${(100 * number(one, "byGuests")).toFixed(0)} % of all` : ""}`);
    return one;
  };
  const alone = { blocks: 20_000, workers: 64, msEach: 0, guests: 0 };
  const folder = bench.file("engine-blocks");
  const embedded = await through("embedded, in a folder", () => ({ folder }), alone);
  const lines: Line[] = [];
  for (const layout of layouts) {
    await using servers = await startNats(layout);
    const what = `engines: blocks a second through a gateway, ${inWords(layout)}`;
    const [inMemory, shared] = [await through(`${inWords(layout)}, blobs in memory`, () => natsSettings(servers), alone), await through(`${inWords(layout)}, blobs in a shared folder`, () => natsSettings(servers, folder), alone)];
    lines.push(line(`${what}, blobs in memory, beside the embedded engine with all in a folder`, number(inMemory, "perSecond"), number(embedded, "perSecond"), {}, "/s"));
    lines.push(line(`${what}, blobs in a shared folder and synced, beside the same`, number(shared, "perSecond"), number(embedded, "perSecond"), {}, "/s"));
    if (layout.servers < 3 || layout.sync !== "always") continue;
    lines.push(line(`${what}, blobs in memory, against the goal`, number(inMemory, "perSecond"), goal, { atLeast: 1 }, "/s"));
    lines.push(line(`${what}, blobs in a shared folder and synced, against the goal`, number(shared, "perSecond"), goal, { atLeast: 1 }, "/s"));
    for (const [name, one] of [["in memory", inMemory], ["in a shared folder", shared]] as const) lines.push(line(`engines: CPU time of such a block, blobs ${name}: the gateway's with driver and workers, beside the three servers'`, number(one, "cpuMicroseconds"), number(one, "serverCpuMicroseconds"), {}, "µs"));
    const [workers, msEach] = [300, 500];
    for (const guests of [0, 1, 2]) {
      const one = await through(`${guests + 1} gateways, ${workers} workers of ${msEach} ms a block, ${inWords(layout)}`, () => natsSettings(servers, folder), { blocks: 9_000, workers, msEach, guests });
      const share = `${(100 * number(one, "byGuests")).toFixed(0)} % computed at guests`;
      lines.push(line(`engines: blocks a second of ${workers} workers of ${msEach} ms a block, spread over ${guests + 1} ${guests === 0 ? "gateway" : "gateways"} (${share}), ${inWords(layout)}, blobs in a shared folder, beside what the workers can do`, number(one, "perSecond"), (workers * 1000) / msEach, {}, "/s"));
      if (guests > 0) lines.push(line(`engines: CPU time a block with ${guests + 1} gateways: the home's for all blocks, beside a guest's for each of its own`, number(one, "cpuMicroseconds"), number(one, "guestCpuMicroseconds"), {}, "µs"));
    }
  }
  return lines;
}
