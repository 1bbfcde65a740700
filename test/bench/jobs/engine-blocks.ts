// Blocks of one row through gateways over any engine: the job's home in this process, and others that help, each in its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createGateway, memoryEngine, type Engine } from "@shoal/cluster";
import { systemClock, type JsonObject } from "@shoal/core";
import { openBenchEngine, patience, type EngineSettings } from "./open-bench-engine.ts";
import { driveJob, joinWorkers } from "./scripted-fleet.ts";
import { numberedBlocks } from "./tiny-job.ts";

export interface EngineBlocksSettings {
  readonly engine: EngineSettings;
  readonly blocks: number;
  /** Of all gateways together. */
  readonly workers: number;
  /** How long a worker takes for a block. */
  readonly msEach: number;
  /** Beside the home. */
  readonly guests: number;
}

const { engine: settings, blocks, workers, msEach, guests } = JSON.parse(process.argv[2] as string) as EngineBlocksSettings;
if (settings.folder !== undefined) await rm(settings.folder, { recursive: true, force: true });
const perGateway = Math.floor(workers / (guests + 1));
// Code that never ran is slow; it is not what is measured.
await run(memoryEngine(), "warm", Math.min(blocks, 5_000));
const engine = await openBenchEngine(settings);
const warmed = guests === 0 ? Math.min(blocks, 2_000) : 0;
if (warmed > 0) await run(engine, "warm-engine", warmed);
const helpers = await Promise.all(Array.from({ length: guests }, (_, at) => startGuest(`guest-${at}`)));
const t_first = Date.now() / 1000;
const { seconds, cpuMicroseconds } = await run(engine, "measured", blocks);
const guestCpu = await Promise.all(helpers.map((end) => end()));
const kept = new Set<string>();
let here = 0;
for await (const entry of engine.ledger.replay("measured")) {
  if (entry.kind !== "commit") continue;
  kept.add(entry.block);
  if (String((entry.record as JsonObject)["worker"]).startsWith("home-")) here++;
}
if (kept.size !== blocks) throw new Error(`${kept.size} of ${blocks} blocks are in the ledger.`);
await engine.close();
if (settings.folder !== undefined) await rm(settings.folder, { recursive: true, force: true });
console.log(JSON.stringify({
  t_first, n_first: 0, t_end: t_first + seconds, rows: blocks, inAll: blocks + warmed, perSecond: blocks / seconds, cpuMicroseconds: cpuMicroseconds / blocks,
  guestCpuMicroseconds: guestCpu.reduce((sum, each) => sum + each, 0) / Math.max(1, blocks - here), byGuests: (blocks - here) / blocks,
}));

async function run(on: Engine, job: string, count: number): Promise<{ readonly seconds: number; readonly cpuMicroseconds: number }> {
  // Made before, so that making them is not measured; no two jobs have the same.
  const first = { warm: 0, "warm-engine": 1e6, measured: 2e6 }[job] as number;
  const [input, result] = [numberedBlocks("n", 1), numberedBlocks("twice", 1)];
  const inputs = Array.from({ length: count }, (_, at) => input(first + at));
  const results = Array.from({ length: count }, (_, at) => result(first + at));
  const gateway = await createGateway({ engine: on, clock: systemClock, random: Math.random, secret: new Uint8Array(32).fill(7), name: "home", trustsOwnWorkers: true, settings: patience });
  joinWorkers(gateway, { name: "home", count: perGateway, msEach: job === "measured" ? msEach : 0, resultOf: (block) => results[block] as Uint8Array<ArrayBuffer> });
  const measured = await driveJob(gateway, job, inputs);
  await gateway.close();
  return measured;
}

/** Gives what ends it, which gives its CPU time since it began. */
async function startGuest(name: string): Promise<() => Promise<number>> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("./engine-guest.js", import.meta.url)), JSON.stringify({ engine: settings, name, workers: perGateway, msEach, first: 2e6 })], { stdio: ["pipe", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (text: Buffer) => (said += text.toString()));
  const ended = once(child, "close");
  while (!said.includes("ready")) {
    if (child.exitCode !== null) throw new Error(`${name} has ended.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return async () => {
    child.kill("SIGTERM");
    await ended;
    return Number(/cpu (\d+)/.exec(said)?.[1] ?? NaN);
  };
}
