import { columnValue, columnFromValues, type ActorContext, type Block, type BatchPolicy, type Column, type Predictor, type Row } from "@shoal/core";
import type { Environment, RunEvent } from "@shoal/executor";
import type { ActorPoolStage, PhysicalOperator, Recut, Scan } from "@shoal/planner";
import { countingSource, FakeActorHost, FakeClock, withFaults, type CountingSource, type Faults } from "@shoal/testing";

/** Rows `{ id, text }` in a source that counts how far it was read. */
export function numbered(count: number, rowsPerBlock = 100, rowsPerPartition = Infinity): CountingSource {
  return countingSource(Array.from({ length: count }, (_, id) => ({ id, text: `row ${id}` })), { rowsPerBlock, rowsPerPartition });
}

export const scanOf = (source: CountingSource, limit?: number): Scan => ({ kind: "scan", source, ...(limit === undefined ? {} : { limit }) });

export const recutOf = (input: PhysicalOperator, multipleOf = 1, firstRows = 32, maxRows = 128): Recut => ({ kind: "recut", input, multipleOf, firstRows, maxRows });

const policy: BatchPolicy = { batchSize: "auto", maxBatchRows: 64, collapse: false, bisect: true };

/** A pool around the declarative predictor `double`: reads `id`, adds `doubled`. */
export function poolOf(input: PhysicalOperator, change: Partial<Omit<ActorPoolStage, "policy">> & { readonly policy?: Partial<BatchPolicy> } = {}): ActorPoolStage {
  return {
    kind: "actor-pool", input,
    spec: { kind: "declarative", name: "double", backend: "fake", task: "double", model: "none", options: {}, reads: ["id"], adds: ["doubled"], phases: ["predict"] },
    stages: ["predict"], minActors: 2, maxActors: 2, numCpus: 1, numGpus: 0, memory: 0, device: "auto", maxAttempts: 4, preserveOrder: true,
    ...change,
    policy: { ...policy, ...change.policy },
  };
}

/** Every batch that a predictor of {@link doubling} got. */
export interface SeenBatch {
  readonly ids: readonly number[];
  readonly actor: ActorContext;
}

export function doubling(seen: SeenBatch[], actor: ActorContext, traits: Partial<Predictor> = {}): Predictor {
  return {
    rows: "same", stateful: false,
    async predict(batch) {
      const ids = idsOf(batch);
      seen.push({ ids, actor });
      return { rows: batch.rows, columns: { doubled: columnFromValues(ids.map((id) => 2 * id)) }, lineage: [] };
    },
    ...traits,
  };
}

export function idsOf(block: Block): number[] {
  return Array.from({ length: block.rows }, (_, row) => columnValue(block.columns["id"] as Column, row) as number);
}

export interface World {
  readonly clock: FakeClock;
  readonly host: FakeActorHost;
  readonly seen: SeenBatch[];
  readonly events: RunEvent[];
  readonly environment: Environment;
}

export function world(change: Partial<Environment> = {}, faults: Faults = {}, traits: Partial<Predictor> = {}): World {
  const clock = new FakeClock({ auto: true });
  const seen: SeenBatch[] = [];
  const events: RunEvent[] = [];
  const host = new FakeActorHost({ clock, load: async (_spec, actor) => withFaults(doubling(seen, actor, traits), "id", faults, actor, clock) });
  const environment: Environment = { host, clock, resources: { cpus: 16, gpus: 0, memory: 2 ** 33 }, onEvent: (event) => void events.push(event), ...change };
  return { clock, host, seen, events, environment };
}

export async function rowsOf(blocks: AsyncIterable<Block>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const block of blocks) {
    for (let row = 0; row < block.rows; row++) rows.push(Object.fromEntries(Object.entries(block.columns).map(([name, column]) => [name, columnValue(column, row)])));
  }
  return rows;
}
