// A coordinator that holds many connections: what each takes of its memory, and what their beats take of its time.
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startCoordinator } from "@shoal/coordinator";

export interface ConnectionsSettings {
  readonly count: number;
  readonly idleMs: number;
}

const { count, idleMs } = JSON.parse(process.argv[2] as string) as ConnectionsSettings;
await using coordinator = await startCoordinator();
const link = await coordinator.link(["work"]);
const program = fileURLToPath(new URL("./many-workers.js", import.meta.url));
let began = 0;
const present = (): number => coordinator.gateway.snapshot().workers.filter(({ state }) => state !== "gone").length;
// Code and pools that the first connections bring along are not of any one connection.
await hold(20, async () => {});
const before = await settled();
const t_first = Date.now() / 1000;
await hold(count, async () => {
  const welcomedMs = performance.now() - began;
  const after = await settled();
  const cpu = process.cpuUsage();
  const from = performance.now();
  await sleep(idleMs);
  const { user, system } = process.cpuUsage(cpu);
  const share = (user + system) / 1e3 / (performance.now() - from);
  if (present() !== count) throw new Error(`${present()} of ${count} workers are still connected.`);
  console.log(JSON.stringify({
    t_first, n_first: 0, t_end: Date.now() / 1000, rows: count, welcomedMs, share,
    heapKB: (after.heapUsed - before.heapUsed) / 1024 / count, residentKB: (after.rss - before.rss) / 1024 / count,
  }));
});

/** While so many workers of another process are connected. */
async function hold(workers: number, meanwhile: () => Promise<void>): Promise<void> {
  began = performance.now();
  const child = spawn(process.execPath, [program, JSON.stringify({ link, count: workers })], { stdio: ["ignore", "inherit", "inherit"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  try {
    while (present() < workers) {
      if (child.exitCode !== null) throw new Error("The workers' process has ended.");
      await sleep(20);
    }
    await meanwhile();
  } finally {
    child.kill("SIGTERM");
    await ended;
    while (present() > 0) await sleep(20);
  }
}

/** Memory without what could be collected. */
async function settled(): Promise<NodeJS.MemoryUsage> {
  for (let turn = 0; turn < 3; turn++) {
    await sleep(300);
    (globalThis as { gc?: () => void }).gc?.();
  }
  return process.memoryUsage();
}
