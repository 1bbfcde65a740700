import type { SchedulerSettings } from "@shoal/cluster";
import { seededRandom } from "@shoal/testing";
import { SimulatedFleet } from "./simulated-fleet.ts";
import { SimulatedLedger } from "./simulated-ledger.ts";
import { SimulatedTime } from "./simulated-time.ts";
import type { SimulatedWorker } from "./simulated-worker.ts";

/** What happens to the slow tab, once and again. */
export type TabTrouble = "none" | "leaves" | "reloads" | "freezes" | "slows";

export interface HeldUp {
  /** The longest that nothing went out while blocks behind were done. */
  readonly longestMs: number;
  readonly simulatedMs: number;
  readonly duplicates: number;
  readonly revoked: number;
  readonly leased: number;
}

const rowsPerBlock = 256;
const blockBytes = 64_000;
const machines = 2;
const troubleEveryMs = 60_000;

/** Two fast machines and a tab of a fifth of their speed, for a driver that writes its rows in order and keeps no more than its window behind a gap. */
export function heldUp(trouble: TabTrouble, seed: number, { blocks = 600, settings = {} }: { readonly blocks?: number; readonly settings?: Partial<SchedulerSettings> } = {}): HeldUp {
  const random = seededRandom(seed);
  const time = new SimulatedTime();
  const ledger = new SimulatedLedger(time, random, 0);
  let [longestMs, movedAt, first, duplicates, revoked, leased] = [0, 0, 0, 0, 0, 0];
  const fleet = new SimulatedFleet({
    time, random, ledger, settings, bytesOf: () => blockBytes,
    observe: (_state, _event, effects) => {
      for (const effect of effects) {
        if (effect.kind === "lease") leased += effect.tasks.length;
        if (effect.kind === "lease" && effect.duplicate) duplicates++;
        if (effect.kind === "revoke") revoked += effect.tasks.length;
      }
    },
  });
  const spec = { job: "job", priority: 0, weight: 1, segments: [{ needs: { devices: [], memoryBytes: 0 }, divisible: true, inOrder: true }] };
  const driver = fleet.bring(spec, [{ blocks, rows: () => rowsPerBlock, bytes: () => blockBytes }], { inOrder: true });
  const lend = (name: string, host: "machine" | "tab", blockMs: number): SimulatedWorker => {
    const worker = fleet.lend({ name, host, devices: ["cpu"], memoryBytes: 8e9, rowsPerMs: rowsPerBlock / blockMs, bandwidth: 10_000, latencyMs: 10, beatMs: 4_000, cpus: 1, gpus: 0, runsCode: false, volunteer: host === "tab" });
    time.at(0, () => worker.connect());
    return worker;
  };
  for (let n = 0; n < machines; n++) lend(`machine-${n}`, "machine", 1_000 + random.between(0, 200));
  const tab = lend("tab", "tab", 5_000 + random.between(0, 1_000));
  const misbehave = (): void => {
    time.after(troubleEveryMs + random.between(0, 10_000), () => {
      if (driver.state !== "running") return;
      if (trouble === "freezes") tab.frozenUntil = time.now + 40_000;
      if (trouble === "slows") tab.slowdown = tab.slowdown === 1 ? 10 : 1;
      if (trouble === "leaves" || trouble === "reloads") close(tab, trouble === "leaves" ? 20_000 : 2_000);
      misbehave();
    });
  };
  const close = (worker: SimulatedWorker, backInMs: number): void => {
    const { wire } = worker;
    if (wire === undefined) return;
    fleet.close(worker, wire);
    time.after(backInMs, () => worker.connect());
  };
  misbehave();
  time.at(0, () => driver.start());
  while (driver.state === "running" && time.step()) {
    const now = driver.first[0] as number;
    if (now !== first || (driver.done[0] as Set<number>).size === now) [first, movedAt] = [now, time.now];
    longestMs = Math.max(longestMs, time.now - movedAt);
  }
  return { longestMs, simulatedMs: time.now, duplicates, revoked, leased };
}
