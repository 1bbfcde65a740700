import { measure, script } from "../measure.ts";
import { line } from "../table.ts";
import type { Bench, Section } from "./section.ts";

const wanted = 1_000;

/** A thousand workers that are welcomed and beat: is each of them held, and at what price? */
export async function connections(bench: Bench): Promise<Section> {
  const [node, ...rest] = script("jobs/connections", { count: wanted, idleMs: Math.round(20_000 * Math.max(bench.share, 0.5)) }) as [string, ...string[]];
  const { said } = await measure("connections", [node, "--expose-gc", ...rest]);
  const [held, residentKB, heapKB, share, welcomedMs] = [said.rows, ...["residentKB", "heapKB", "share", "welcomedMs"].map((name) => said[name] as number)] as [number, number, number, number, number];
  bench.log(`connections: ${held} held, ${residentKB.toFixed(1)} KB each (${heapKB.toFixed(1)} KB of it heap), ${(100 * share).toFixed(1)} % of a core for their beats, all welcomed after ${(welcomedMs / 1000).toFixed(1)} s`);
  return {
    lines: [
      line(`connections: workers held, all welcomed after ${(welcomedMs / 1000).toFixed(1)} s, against the goal`, held, wanted, { atLeast: 1 }, ""),
      line("connections: memory of the coordinator for each, beside what of it is heap", residentKB, heapKB, {}, "KB"),
      line("connections: time of the coordinator for their beats, each every 2 s, against one core", share * 1000, 1000, {}, "ms/s"),
    ],
    runs: [],
  };
}
