// Blocks of one row through a real gateway, over memory channels, into an engine in a folder: how many are durable a second?
import { createHash } from "node:crypto";
import { rm } from "node:fs/promises";
import { createGateway, memoryChannel, memoryEngine, protocolVersion, type DriverToGateway, type Engine, type GatewayToDriver, type GatewayToWorker, type SegmentDescription, type WorkerToGateway } from "@shoal/cluster";
import { openEmbeddedEngine } from "@shoal/cluster/embedded";
import { columnFromValues, createBlock, encodeBlock, systemClock } from "@shoal/core";

export interface CommitsSettings {
  readonly folder: string;
  readonly blocks: number;
  readonly workers: number;
  /** Also through an engine in memory: what the gateway alone costs. */
  readonly inMemory?: boolean;
}

const doubler: SegmentDescription = {
  name: "double(doubler)",
  plan: {
    kind: "actor-pool",
    spec: { kind: "declarative", name: "double(doubler)", backend: "test", task: "double", model: "doubler", options: {}, reads: ["n"], adds: ["twice"], phases: ["predict"] },
    policy: { batchSize: "auto", maxBatchRows: 64, collapse: false, bisect: true },
    stages: ["predict"], minActors: 1, maxActors: 1, numCpus: 1, numGpus: 0, memory: 0, device: "auto", maxAttempts: 3, preserveOrder: true,
  },
};

const { folder, blocks, workers, inMemory = false } = JSON.parse(process.argv[2] as string) as CommitsSettings;
await rm(folder, { recursive: true, force: true });
// Code that never ran is slow; it is not what is measured.
await run(memoryEngine(), "warm", Math.min(blocks, 5_000));
const engine = inMemory ? memoryEngine() : await openEmbeddedEngine(folder);
await run(engine, "warm", Math.min(blocks, 2_000));
const cpuBefore = process.cpuUsage();
const t_first = Date.now() / 1000;
const seconds = await run(engine, "measured", blocks);
const cpu = process.cpuUsage(cpuBefore);
let committed = 0;
for await (const entry of engine.ledger.replay("measured")) committed += entry.kind === "commit" ? 1 : 0;
if (committed !== blocks) throw new Error(`${committed} of ${blocks} blocks are in the ledger.`);
await engine.close();
await rm(folder, { recursive: true, force: true });
console.log(JSON.stringify({ t_first, n_first: 0, t_end: t_first + seconds, rows: blocks, commitsPerSecond: blocks / seconds, cpuMicroseconds: (cpu.user + cpu.system) / blocks }));

/** A driver that offers what it is asked for, workers that answer at once. Gives the seconds from the first question to the last block that is done. */
async function run(engine: Engine, job: string, count: number): Promise<number> {
  const inputs = numbered("n", count);
  const results = numbered("twice", count).map((payload) => ({ payload, sha256: createHash("sha256").update(payload).digest("hex") }));
  const gateway = await createGateway({ engine, clock: systemClock, random: Math.random, secret: new Uint8Array(32).fill(7), name: "bench" });
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
  await new Promise<void>((resolve, reject) => {
    near.listen({ closed: () => reject(new Error("The gateway has hung up.")), message: (message) => {
      if (message.kind === "job-failed" || message.kind === "bye") return reject(new Error(message.error.message));
      if (message.kind === "block-done" && ++done === count) return resolve();
      if (message.kind !== "ask") return;
      began ||= performance.now();
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
  await gateway.close();
  return seconds;
}

/** Blocks of one number each, all different: one is encoded, the others are it with another number. */
function numbered(name: string, count: number): Uint8Array<ArrayBuffer>[] {
  const marker = 12345.678;
  const encoded = encodeBlock(createBlock({ [name]: columnFromValues([marker]) }));
  const found = Buffer.from(new Float64Array([marker]).buffer);
  const at = Buffer.from(encoded).indexOf(found);
  if (at < 0) throw new Error("The number is not where it was looked for.");
  return Array.from({ length: count }, (_, number) => {
    const bytes = new Uint8Array(encoded);
    new DataView(bytes.buffer).setFloat64(at, number + 0.5, true);
    return bytes;
  });
}
