// Commits to the embedded engine: how many are durable a second, and how soon are they read again?
import { open, rm } from "node:fs/promises";
import { memoryEngine, type Engine } from "@shoal/cluster";
import { openEmbeddedEngine } from "@shoal/cluster/embedded";

export interface JournalSettings {
  readonly folder: string;
  readonly commits: number;
  readonly inFlight: number;
  /** Records read anew at the end. */
  readonly replay: number;
}

const { folder, commits, inFlight, replay } = JSON.parse(process.argv[2] as string) as JournalSettings;
await rm(folder, { recursive: true, force: true });
const engine = await openEmbeddedEngine(folder);
// Code that never ran is slow; it is not what is measured.
await commitBlocks(memoryEngine(), "warm", 20_000, inFlight);
await commitBlocks(engine, "warm", 2000, inFlight);

const cpuBefore = process.cpuUsage();
const began = performance.now();
const t_first = Date.now() / 1000;
const waits = await commitBlocks(engine, "measured", commits, inFlight);
const seconds = (performance.now() - began) / 1000;
const cpu = process.cpuUsage(cpuBefore);
if (replay > commits) await commitBlocks(engine, "more", replay - commits - 2000, 4096);
await engine.close();

const cpuOpening = process.cpuUsage();
const opening = performance.now();
const again = await openEmbeddedEngine(folder);
const replaySeconds = (performance.now() - opening) / 1000;
const cpuOpened = process.cpuUsage(cpuOpening);
let replayed = 0;
for (const job of await again.ledger.jobs()) for await (const entry of again.ledger.replay(job)) replayed += entry.kind === "commit" ? 1 : 0;
await again.close();

waits.sort((a, b) => a - b);
console.log(JSON.stringify({
  t_first, n_first: 0, t_end: t_first + seconds, rows: commits, commitsPerSecond: commits / seconds, cpuMicroseconds: (cpu.user + cpu.system) / commits,
  p50: waits[Math.floor(waits.length * 0.5)], p99: waits[Math.floor(waits.length * 0.99)],
  replayed, replaySeconds, replayCpuSeconds: (cpuOpened.user + cpuOpened.system) / 1e6, syncsPerSecond: await syncsPerSecond(),
}));
await rm(folder, { recursive: true, force: true });

/** Every commit's wait, in milliseconds. */
async function commitBlocks({ ledger }: Engine, job: string, count: number, atOnce: number): Promise<number[]> {
  await ledger.open(job);
  const taken: number[] = [];
  let next = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (next < count) {
      const index = next++;
      const asked = performance.now();
      const answer = await ledger.commit(job, `part-00003/${index}-${index + 1}`, {
        attempt: `${job}/${index}/1/worker-17`, blob: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", rows: 32, bytes: 18_233,
        schema: "b1946ac92492d234", device: "webgpu", worker: "worker-17",
      });
      if (answer.outcome !== "accepted") throw new Error(`A commit was ${answer.outcome}.`);
      taken.push(performance.now() - asked);
    }
  }));
  return taken;
}

/** One record at a time, as a ledger without groups would. */
async function syncsPerSecond(): Promise<number> {
  const path = `${folder}/alone`;
  const file = await open(path, "wx");
  const record = new Uint8Array(250);
  const began = performance.now();
  let count = 0;
  for (; performance.now() - began < 1000; count++) {
    await file.write(record, 0, record.byteLength, count * record.byteLength);
    await file.datasync();
  }
  await file.close();
  return (count * 1000) / (performance.now() - began);
}
