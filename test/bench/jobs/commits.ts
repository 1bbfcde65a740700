// Blocks of one row through a real gateway, over memory channels, into an engine in a folder: how many are durable a second?
import { rm } from "node:fs/promises";
import { createGateway, memoryEngine, type Engine } from "@shoal/cluster";
import { openEmbeddedEngine } from "@shoal/cluster/embedded";
import { systemClock } from "@shoal/core";
import { driveJob, joinWorkers } from "./scripted-fleet.ts";
import { numberedBlocks } from "./tiny-job.ts";

export interface CommitsSettings {
  readonly folder: string;
  readonly blocks: number;
  readonly workers: number;
  /** Through an engine in memory: what the gateway alone costs. */
  readonly inMemory?: boolean;
  /** Results are hashed and read before they are stored, as those of other machines are; workers of the coordinator's own process are trusted otherwise. */
  readonly checked?: boolean;
}

const { folder, blocks, workers, inMemory = false, checked = false } = JSON.parse(process.argv[2] as string) as CommitsSettings;
await rm(folder, { recursive: true, force: true });
// Code that never ran is slow; it is not what is measured.
await run(memoryEngine(), "warm", Math.min(blocks, 5_000));
const engine = inMemory ? memoryEngine() : await openEmbeddedEngine(folder);
await run(engine, "warm", Math.min(blocks, 2_000));
const t_first = Date.now() / 1000;
const { seconds, cpuMicroseconds } = await run(engine, "measured", blocks);
let committed = 0;
for await (const entry of engine.ledger.replay("measured")) committed += entry.kind === "commit" ? 1 : 0;
if (committed !== blocks) throw new Error(`${committed} of ${blocks} blocks are in the ledger.`);
await engine.close();
await rm(folder, { recursive: true, force: true });
console.log(JSON.stringify({ t_first, n_first: 0, t_end: t_first + seconds, rows: blocks, commitsPerSecond: blocks / seconds, cpuMicroseconds: cpuMicroseconds / blocks }));

/** A driver that offers what it is asked for, workers that answer at once. */
async function run(engine: Engine, job: string, count: number): Promise<{ readonly seconds: number; readonly cpuMicroseconds: number }> {
  const first = job === "warm" ? 0 : 1e6;
  const inputs = numbered("n", first, count);
  const results = numbered("twice", first, count);
  const gateway = await createGateway({ engine, clock: systemClock, random: Math.random, secret: new Uint8Array(32).fill(7), name: "bench", trustsOwnWorkers: !checked });
  joinWorkers(gateway, { name: "worker", count: workers, resultOf: (block) => results[block] as Uint8Array<ArrayBuffer> });
  const measured = await driveJob(gateway, job, inputs);
  await gateway.close();
  return measured;
}

/** Made before, so that making them is not measured; no two are the same. */
function numbered(column: string, first: number, count: number): Uint8Array<ArrayBuffer>[] {
  const block = numberedBlocks(column, 1);
  return Array.from({ length: count }, (_, index) => block(first + index));
}
