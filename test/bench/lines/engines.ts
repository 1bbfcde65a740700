import { loadavg } from "node:os";
import { findNatsServer } from "../../nats/find-nats-server.ts";
import { absent, type Line } from "../table.ts";
import { engineBlocks } from "./engine-blocks.ts";
import { engineCommits } from "./engine-commits.ts";
import { inWords, layouts } from "./nats-layouts.ts";
import type { Bench, Section } from "./section.ts";

/** What the engine on NATS takes, alone and under gateways, beside the embedded one. All servers, gateways and workers share this machine. */
export async function engines(bench: Bench): Promise<Section> {
  if (findNatsServer() === undefined) {
    const missing = (what: string): Line[] => layouts.map((layout) => absent(`engines: ${what} a second, ${inWords(layout)}`, "no nats-server here"));
    return { lines: [...missing("commits"), ...missing("blocks")], runs: [] };
  }
  bench.log(`engines: load ${loadavg()[0]?.toFixed(1)} before`);
  return { lines: [...(await engineCommits(bench)), ...(await engineBlocks(bench))], runs: [] };
}
