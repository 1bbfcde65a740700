import type { SchedulerSettings } from "@shoal/cluster";
import { seededRandom } from "@shoal/testing";
import { lpBound, type WorkerCosts } from "./lp-bound.ts";
import { SimulatedFleet } from "./simulated-fleet.ts";
import { SimulatedLedger } from "./simulated-ledger.ts";
import { SimulatedTime } from "./simulated-time.ts";
import type { WorkerTraits } from "./simulated-worker.ts";

export interface Makespan {
  readonly workers: number;
  readonly blocks: number;
  readonly simulatedMs: number;
  readonly boundMs: number;
  /** Bound over what it took: 1 is the best that there is. */
  readonly ratio: number;
  readonly events: number;
  readonly leases: number;
  readonly duplicates: number;
  readonly mostOpen: number;
}

const rowsPerBlock = 64;
const blockBytes = 64_000;
const model = { hash: "model", bytes: 20_000_000, initMs: 1_000 };

/** A fleet without faults: speeds of 1:100 spread evenly by their logarithm, each worker behind a network of its own, the model on none of them. */
export function makespan(workers: number, seed: number, { blocksPerWorker = 100, sizeKnown = true, inOrder = false, settings = {} }: { readonly blocksPerWorker?: number; readonly sizeKnown?: boolean; readonly inOrder?: boolean; readonly settings?: Partial<SchedulerSettings> } = {}): Makespan {
  const random = seededRandom(seed);
  const time = new SimulatedTime();
  const blocks = workers * blocksPerWorker;
  const ledger = new SimulatedLedger(time, random, 0);
  let [leases, duplicates, mostOpen] = [0, 0, 0];
  const fleet = new SimulatedFleet({
    time, random, ledger, settings, bytesOf: () => blockBytes, modelOf: () => model,
    observe: (state, _event, effects) => {
      for (const effect of effects) {
        if (effect.kind !== "lease") continue;
        leases++;
        if (effect.duplicate) duplicates++;
        mostOpen = Math.max(mostOpen, state.jobs.get("job")?.segments[0]?.open.size ?? 0);
      }
    },
  });
  const spec = { job: "job", priority: 0, weight: 1, segments: [{ needs: { devices: [], memoryBytes: 0, model: { hash: model.hash, loadMs: 3_000 } }, divisible: true, inOrder, ...(sizeKnown ? { expectedBlocks: blocks } : {}) }] };
  const driver = fleet.bring(spec, [{ blocks, rows: () => rowsPerBlock, bytes: () => blockBytes }], { inOrder });
  const costs: WorkerCosts[] = [];
  for (let n = 0; n < workers; n++) {
    const traits: WorkerTraits = {
      name: `worker-${n}`, host: n % 2 === 0 ? "machine" : "tab", devices: ["cpu"], memoryBytes: 8e9,
      // The slowest takes two minutes for a block, the fastest 1.2 s.
      rowsPerMs: (rowsPerBlock / 120_000) * 100 ** (workers === 1 ? 0 : n / (workers - 1)),
      // 2 to 50 MB/s, 5 to 100 ms.
      bandwidth: 2_000 * 25 ** random.next(), latencyMs: 5 * 20 ** random.next(), beatMs: 5_000, cpus: 1, gpus: 0, runsCode: false, volunteer: false,
    };
    costs.push(costsOf(traits));
    const worker = fleet.lend(traits);
    time.at(0, () => worker.connect());
  }
  time.at(0, () => driver.start());
  while (driver.state === "running" && time.step());
  const boundMs = lpBound(blocks, costs);
  return { workers, blocks, simulatedMs: time.now, boundMs, ratio: boundMs / time.now, events: fleet.gateway.events, leases, duplicates, mostOpen };
}

function costsOf({ rowsPerMs, bandwidth, latencyMs }: WorkerTraits): WorkerCosts {
  const transferMs = blockBytes / bandwidth;
  return { setupMs: 3 * latencyMs + Math.max(transferMs, model.bytes / bandwidth + model.initMs), perBlockMs: Math.max(rowsPerBlock / rowsPerMs, transferMs) };
}
