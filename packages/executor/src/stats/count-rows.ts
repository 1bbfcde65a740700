import { mayChangeRows, type PhysicalOperator } from "@shoal/planner";

/**
 * How many rows a plan gives, where its sources know theirs; undefined where they don't.
 * @param how `exact`: undefined too where a step may drop or add rows. `at most`: as though none did, for whoever shows how far it is
 * @throws what is wrong with a source
 */
export async function countRows(plan: PhysicalOperator, signal: AbortSignal, how: "exact" | "at most"): Promise<number | undefined> {
  const counted = (input: PhysicalOperator): Promise<number | undefined> => countRows(input, signal, how);
  switch (plan.kind) {
    case "scan": {
      const rows = await plan.source.countRows?.(signal);
      return rows === undefined ? undefined : Math.min(rows, plan.limit ?? Infinity);
    }
    case "union": {
      const counts = await Promise.all(plan.inputs.map(counted));
      return counts.reduce((sum, count) => (sum === undefined || count === undefined ? undefined : sum + count), 0);
    }
    case "zip": return counted(plan.inputs[0]);
    case "limit": {
      const rows = await counted(plan.input);
      return rows === undefined ? undefined : Math.min(rows, plan.rows);
    }
    default: return how === "at most" || keepsRows(plan) ? counted(plan.input) : undefined;
  }
}

/** Whether a stage gives the rows that it takes, as many as it needs of them, but for those that fail. */
export function keepsRows(plan: PhysicalOperator): boolean {
  switch (plan.kind) {
    case "scan": case "union": case "zip": case "limit": case "project": case "recut": return true;
    case "row-functions": return plan.steps.every(({ kind }) => kind !== "filter" && kind !== "flat-map");
    case "actor-pool": return !mayChangeRows(plan.spec);
    default: return false;
  }
}
