// The planner's rules never change results: random plans give the same rows with and without them.
import { expect, test } from "vitest";
import { blockRows, createBlock, selectColumns, type Block, type Datasource, type DeclarativePredictorSpec, type Predictor, type Row } from "@shoal/core";
import { execute } from "@shoal/executor";
import { applyRules, defaultPredictorOptions, plan, toPhysical, physicalRules, type LogicalOperator, type PhysicalOperator } from "@shoal/planner";
import { countingSource, FakeActorHost, seededRandom, type SeededRandom } from "@shoal/testing";

const options = { preserveOrder: true, onError: "fail" } as const;
const resources = { cpus: 4, gpus: 0, memory: 2 ** 30 };

/** Adds "next" = a + 1. */
const next: DeclarativePredictorSpec = {
  kind: "declarative", name: "next", backend: "test", task: "next", model: "none", options: {}, reads: ["a"], adds: ["next"], phases: ["preprocess", "predict", "postprocess"],
};
const predictor: Predictor = {
  rows: "same",
  stateful: false,
  preprocess: (block) => Promise.resolve(block),
  predict: (batch) => Promise.resolve(nextOf(batch)),
  postprocess: (block) => Promise.resolve(block),
};

function nextOf(batch: Block): Block {
  const values = Float64Array.from(blockRows(batch), (row) => (row["a"] as number) + 1);
  return createBlock({ next: { type: { kind: "float64" }, length: batch.rows, values } });
}

test("300 random plans give the same rows with the rules and without", async () => {
  const changed = new Set<string>();
  for (let seed = 1; seed <= 300; seed++) {
    const random = seededRandom(seed);
    const logical = randomPlan(random, random.between(1, 7));
    const planned = plan(logical, options);
    for (const rule of planned.applied) changed.add(rule);
    // A predictor needs its input re-cut, with or without the other rules.
    const plain = applyRules(toPhysical(logical, options), physicalRules.filter((rule) => rule.name === "recut-before-batches")).plan;
    expect(await rowsOf(planned.physical), `seed ${seed}`).toEqual(await rowsOf(plain));
  }
  // A test of rules that never fire proves nothing.
  expect([...changed].sort()).toEqual(["fuse-row-functions", "merge-limits", "prune-columns", "push-limit-down", "recut-before-batches", "split-predictor"]);
}, 60_000);

async function rowsOf(physical: PhysicalOperator): Promise<Row[]> {
  const host = new FakeActorHost({ load: () => Promise.resolve(predictor) });
  const rows: Row[] = [];
  for await (const block of execute(physical, { host, resources })) rows.push(...blockRows(block));
  return rows;
}

/** A plan of so many steps; each leaves the columns a, b and c. */
function randomPlan(random: SeededRandom, steps: number): LogicalOperator {
  if (steps === 0) return { kind: "read", source: prunableSource(random.between(0, 60), random.between(1, 20)) };
  const input = (): LogicalOperator => randomPlan(random, steps - 1);
  switch (random.between(0, 8)) {
    case 0: return { kind: "limit", input: input(), rows: random.between(0, 40) };
    case 1: return { kind: "map", input: input(), step: { name: "raise", run: (row) => ({ ...row, b: (row["b"] as number) + 1 }) } };
    case 2: return { kind: "filter", input: input(), step: { name: "odd", run: (row) => (row["a"] as number) % 3 !== 0 } };
    case 3: return { kind: "flat-map", input: input(), step: { name: "twice", run: (row) => ((row["a"] as number) % 2 === 0 ? [row, row] : [row]) } };
    case 4: return { kind: "with-column", name: "c", input: input(), step: { name: "sum", run: (row) => (row["a"] as number) + (row["b"] as number) } };
    case 5: return { kind: "union", inputs: [input(), randomPlan(random, Math.min(2, steps - 1))] };
    case 6: return { kind: "select", columns: ["b", "a", "c"], input: { kind: "rename", names: { x: "c" }, input: { kind: "rename", names: { c: "x" }, input: input() } } };
    case 7: return { kind: "drop", columns: ["next"], input: { kind: "predict", input: input(), spec: next, options: { ...defaultPredictorOptions, batchSize: random.between(1, 9) } } };
    default: return { kind: "repartition", input: input(), rowsPerBlock: random.between(1, 10) };
  }
}

/** Gives only the columns it is asked for, as Parquet does. */
function prunableSource(count: number, rowsPerBlock: number): Datasource {
  const rows = Array.from({ length: count }, (_, id) => ({ a: id, b: 10 * id, c: -id, unused: `row ${id}` }));
  const source = countingSource(rows, { rowsPerBlock });
  return {
    ...source,
    prunesColumns: true,
    async *read(partition, options) {
      for await (const block of source.read(partition, options)) yield options.columns === undefined ? block : selectColumns(block, options.columns);
    },
  };
}
