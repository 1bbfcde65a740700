import type { ConcreteDevice } from "@shoal/core";
import type { JobSpec, SegmentSpec } from "@shoal/cluster";
import type { SeededRandom } from "@shoal/testing";
import type { SimulatedInput } from "./simulated-driver.ts";
import { SimulatedLiar } from "./simulated-liar.ts";
import type { WorkerTraits } from "./simulated-worker.ts";

const models = ["model-0", "model-1", "model-2"] as const;

export type Poison = "row" | "named-row" | "vanish";

export interface RandomJob {
  readonly spec: JobSpec;
  readonly inputs: readonly SimulatedInput[];
  /** Rows that nobody can compute, by `<job>/<segment>/<block>/<row>`. */
  readonly poison: ReadonlyMap<string, Poison>;
}

/** A job of one or two segments, of which a row in some thousand is poison. */
export function randomJob(job: string, random: SeededRandom, seed: number): RandomJob {
  const segments = Array.from({ length: random.between(1, 2) }, (): SegmentSpec => {
    const devices: readonly ConcreteDevice[] = random.pick<readonly ConcreteDevice[]>([[], [], ["webgpu"], ["webgpu", "cuda"], ["cpu", "wasm"]]);
    return {
      needs: { devices, memoryBytes: random.pick([0, 0, 2e9]), cpus: random.pick([0, 1, 4]), gpus: random.pick([0, 0, 0, 1]), runsCode: random.chance(0.1), trusted: random.chance(0.2), ...(random.chance(0.6) ? { model: { hash: random.pick(models), loadMs: random.between(10, 8000) } } : {}) },
      divisible: random.chance(0.9),
      inOrder: random.chance(0.7),
      ...(random.chance(0.3) ? { expectedBlocks: random.between(1, 40) } : {}),
    };
  });
  const spec: JobSpec = { job, priority: random.between(0, 1), weight: random.pick([1, 1, 3]), segments };
  const inputs = segments.map((): SimulatedInput => {
    const most = random.between(1, 40);
    const even = random.chance(0.5);
    return { blocks: random.between(0, 24), rows: (block) => (even ? most : 1 + ((block * 7919 + seed) % most)), bytes: (block) => 1000 + block };
  });
  const poison = new Map<string, Poison>();
  for (const [segment, { blocks, rows }] of inputs.entries()) {
    for (let block = 0; block < blocks; block++) {
      if (random.chance(0.02)) poison.set(`${job}/${segment}/${block}/${random.between(0, rows(block) - 1)}`, random.pick(["row", "named-row", "vanish"] as const));
    }
  }
  return { spec, inputs, poison };
}

/** @param isAble it can do anything, and says what is so */
export function randomWorker(name: string, random: SeededRandom, isAble: boolean): WorkerTraits {
  return {
    name, host: random.chance(0.3) ? "tab" : "machine",
    devices: isAble ? ["cpu", "wasm", "webgpu", "cuda"] : random.pick<readonly ConcreteDevice[]>([["cpu"], ["wasm"], ["wasm", "webgpu"], ["cpu", "cuda"], ["cpu", "webgpu"]]),
    memoryBytes: isAble ? 16e9 : random.pick([1e9, 4e9, 16e9]),
    // 1 : 100.
    rowsPerMs: 0.0005 * 100 ** random.next(), bandwidth: 1000, latencyMs: random.between(1, 150), beatMs: 4000,
    cpus: isAble ? 16 : random.pick([1, 8]), gpus: isAble ? 1 : random.between(0, 1), runsCode: isAble || random.chance(0.5), volunteer: !isAble && random.chance(0.3),
    liar: !isAble && random.chance(0.15) ? new SimulatedLiar(random, models) : undefined,
  };
}
