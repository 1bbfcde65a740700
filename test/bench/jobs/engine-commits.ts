// Commits to any engine, alone: how many are answered a second, and how long does each wait?
import { rm } from "node:fs/promises";
import type { Engine } from "@shoal/cluster";
import { openBenchEngine, type EngineSettings } from "./open-bench-engine.ts";

export interface EngineCommitsSettings {
  readonly engine: EngineSettings;
  readonly inFlight: number;
  readonly ms: number;
}

const { engine: settings, inFlight, ms } = JSON.parse(process.argv[2] as string) as EngineCommitsSettings;
if (settings.folder !== undefined) await rm(settings.folder, { recursive: true, force: true });
const engine = await openBenchEngine(settings);
// Code that never ran is slow; it is not what is measured.
const warm = await commitFor(engine, "warm", ms / 4);
const cpuBefore = process.cpuUsage();
const began = performance.now();
const t_first = Date.now() / 1000;
const waits = await commitFor(engine, "measured", ms);
const seconds = (performance.now() - began) / 1000;
const cpu = process.cpuUsage(cpuBefore);
const commits = waits.length;
const kept = new Set<string>();
for await (const entry of engine.ledger.replay("measured")) if (entry.kind === "commit") kept.add(entry.block);
if (kept.size !== commits) throw new Error(`${kept.size} of ${commits} blocks are in the ledger.`);
for (const job of ["warm", "measured"]) await engine.ledger.remove(job);
await engine.close();
if (settings.folder !== undefined) await rm(settings.folder, { recursive: true, force: true });
waits.sort((a, b) => a - b);
console.log(JSON.stringify({
  t_first, n_first: 0, t_end: t_first + seconds, rows: commits, inAll: commits + warm.length, perSecond: commits / seconds, cpuMicroseconds: (cpu.user + cpu.system) / commits,
  p50: waits[Math.floor(commits * 0.5)], p99: waits[Math.floor(commits * 0.99)],
}));

/** Every commit's wait, in milliseconds. No two commits are of one block. */
async function commitFor({ ledger }: Engine, job: string, forMs: number): Promise<number[]> {
  await ledger.open(job);
  const taken: number[] = [];
  const until = performance.now() + forMs;
  let next = 0;
  await Promise.all(Array.from({ length: inFlight }, async () => {
    while (performance.now() < until) {
      const index = next++;
      const asked = performance.now();
      // As a gateway writes it.
      const answer = await ledger.commit(job, `0-${index}-0-32`, {
        attempt: `7.${index} worker-17`, kind: "result", sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", rows: 32, failed: 0, worker: "worker-17",
        epoch: 7, number: index, input: "b1946ac92492d2347c6235b4d2611184a3bf4f1b2b0b822cd15d6c15b0f00a08",
      });
      if (answer.outcome !== "accepted") throw new Error(`A commit was ${answer.outcome}.`);
      taken.push(performance.now() - asked);
    }
  }));
  return taken;
}
