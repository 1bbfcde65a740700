// Blocks of one row through a real gateway, over memory channels, into an engine in a folder: how many are durable a second?
import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { createGateway, memoryChannel, memoryEngine, protocolVersion, type DriverToGateway, type Engine, type GatewayToDriver, type GatewayToWorker, type WorkerToGateway } from "@shoal/cluster";
import { openEmbeddedEngine } from "@shoal/cluster/embedded";
import { systemClock } from "@shoal/core";
import { doubler, numberedBlocks } from "./tiny-job.ts";

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

/** A driver that offers what it is asked for, workers that answer at once. Measured from the first question to the last block that is done. */
async function run(engine: Engine, job: string, count: number): Promise<{ readonly seconds: number; readonly cpuMicroseconds: number }> {
  const first = job === "warm" ? 0 : 1e6;
  const inputs = numbered("n", first, count);
  const results = numbered("twice", first, count).map((payload) => ({ payload, sha256: createHash("sha256").update(payload).digest("hex") }));
  const gateway = await createGateway({ engine, clock: systemClock, random: Math.random, secret: new Uint8Array(32).fill(7), name: "bench", trustsOwnWorkers: !checked });
  for (let at = 0; at < workers; at++) {
    const [near, far] = memoryChannel<WorkerToGateway, GatewayToWorker>();
    const inputOf = new Map<number, string>();
    near.listen({ closed: () => {}, message: (message) => {
      if (message.kind === "lease") for (const { attempt, input } of message.tasks) inputOf.set(attempt.number, input as string);
      if (message.kind !== "block") return;
      const { task, attempt } = message;
      const { payload, sha256 } = results[task.block] as (typeof results)[number];
      const input = inputOf.get(attempt.number) as string;
      inputOf.delete(attempt.number);
      near.send({ kind: "result", task, attempt, rows: 1, sha256, input, failures: [], stats: { device: "cpu", preprocessMs: 0, predictMs: 1, postprocessMs: 0, batches: [1], counts: {} } }, payload);
    } });
    near.send({ kind: "hello", protocol: protocolVersion, role: "worker", name: `worker-${at}`, worker: { label: `worker ${at}`, host: "machine", runtime: "node", devices: ["cpu"], cpus: 1, gpus: 0, memoryBytes: 8e9, models: [], runsCode: false } });
    gateway.accept(far, {});
  }
  const [near, far] = memoryChannel<DriverToGateway, GatewayToDriver>();
  let offered = 0;
  let done = 0;
  let began = 0;
  let cpu = process.cpuUsage();
  await new Promise<void>((resolve, reject) => {
    near.listen({ closed: () => reject(new Error("The gateway has hung up.")), message: (message) => {
      if (message.kind === "job-failed" || message.kind === "bye") return reject(new Error(message.error.message));
      if (message.kind === "block-done" && ++done === count) return resolve();
      if (message.kind !== "ask") return;
      if (began === 0) [began, cpu] = [performance.now(), process.cpuUsage()];
      for (let left = message.blocks; left > 0 && offered < count; left--) {
        near.send({ kind: "offer", job, segment: 0, block: offered, rows: 1 }, inputs[offered]);
        offered++;
        if (offered === count) near.send({ kind: "input-ended", job, segment: 0, blocks: count });
      }
    } });
    near.send({ kind: "hello", protocol: protocolVersion, role: "driver", name: "driver" });
    near.send({ kind: "submit", description: { job, name: job, about: { columns: ["n"] }, segments: [doubler], priority: 0, weight: 1, volunteers: false } });
    gateway.accept(far, {});
  });
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await gateway.close();
  return { seconds, cpuMicroseconds: user + system };
}

/** Made before, so that making them is not measured; no two are the same. */
function numbered(column: string, first: number, count: number): Uint8Array<ArrayBuffer>[] {
  const block = numberedBlocks(column, 1);
  return Array.from({ length: count }, (_, index) => block(first + index));
}
