// A gateway with workers and no driver, in a process of its own: it says what CPU time it took.
import { createGateway } from "@shoal/cluster";
import { systemClock } from "@shoal/core";
import { openBenchEngine, patience, type EngineSettings } from "./open-bench-engine.ts";
import { joinWorkers } from "./scripted-fleet.ts";
import { numberedBlocks } from "./tiny-job.ts";

export interface EngineGuestSettings {
  readonly engine: EngineSettings;
  readonly name: string;
  readonly workers: number;
  readonly msEach: number;
  /** The number in the first block's result. */
  readonly first: number;
}

const { engine: settings, name, workers, msEach, first } = JSON.parse(process.argv[2] as string) as EngineGuestSettings;
const engine = await openBenchEngine(settings);
const gateway = await createGateway({ engine, clock: systemClock, random: Math.random, secret: new Uint8Array(32).fill(7), name, trustsOwnWorkers: true, settings: patience });
const result = numberedBlocks("twice", 1);
joinWorkers(gateway, { name, count: workers, msEach, resultOf: (block) => result(first + block) });
const began = process.cpuUsage();
console.log("ready");
process.once("SIGTERM", () => {
  const { user, system } = process.cpuUsage(began);
  process.stdout.write(`cpu ${user + system}\n`);
  void gateway.close().then(() => engine.close()).then(() => process.exit(0));
});
// Whoever started it has failed: it would hold that one's output open, and whoever measures would wait for ever.
process.stdin.once("end", () => process.exit(1)).resume();
