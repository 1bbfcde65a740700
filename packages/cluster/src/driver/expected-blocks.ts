import { countRows } from "@shoal/executor";
import { mayChangeRows, type ActorPoolStage, type PhysicalOperator } from "@shoal/planner";

/**
 * How many blocks a stage will be given, where its source knows its rows and no step before it changes how many there are. Undefined where that can't be told; never rejects.
 * A few more or less do no harm: blocks of many bytes are cut smaller.
 */
export async function expectedBlocks({ input }: ActorPoolStage, signal: AbortSignal): Promise<number | undefined> {
  try {
    return await blocksOf(input, signal);
  } catch {
    // What is wrong with the source, reading will say.
    return undefined;
  }
}

async function blocksOf(plan: PhysicalOperator, signal: AbortSignal): Promise<number | undefined> {
  switch (plan.kind) {
    case "recut": {
      const rows = await countRows(plan.input, signal, "exact");
      if (rows === undefined) return undefined;
      return plan.blocks === undefined ? cuts(rows, plan.multipleOf, plan.firstRows, plan.maxRows) : Math.min(plan.blocks, rows);
    }
    // Whatever is between hands on one block for each.
    case "project": return blocksOf(plan.input, signal);
    case "row-functions": return plan.steps.every(({ kind }) => kind !== "filter" && kind !== "flat-map") ? blocksOf(plan.input, signal) : undefined;
    case "actor-pool": return mayChangeRows(plan.spec) ? undefined : blocksOf(plan.input, signal);
    default: return undefined;
  }
}

/** The first one small, then each twice as large as the one before, up to the most. */
function cuts(rows: number, multipleOf: number, firstRows: number, maxRows: number): number {
  const up = (count: number): number => Math.ceil(count / multipleOf) * multipleOf;
  const most = Math.max(multipleOf, Math.floor(maxRows / multipleOf) * multipleOf);
  let [blocks, left] = [0, rows];
  for (let next = Math.min(most, Math.max(multipleOf, up(firstRows))); left > 0 && next < most; next = Math.min(most, up(2 * next))) {
    left -= next;
    blocks++;
  }
  return blocks + Math.ceil(Math.max(0, left) / most);
}
