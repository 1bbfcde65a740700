import { mayChangeRows, physicalInputsOf, type PhysicalOperator, type Scan } from "@shoal/planner";

/** `exact`: undefined too where a step may drop or add rows. `at most`: as though none did, for whoever shows how far it is. */
type How = "exact" | "at most";

/**
 * How many rows a plan gives, where its sources know theirs; undefined where they don't.
 * @throws what is wrong with a source
 */
export async function countRows(plan: PhysicalOperator, signal: AbortSignal, how: How): Promise<number | undefined> {
  const counts = new Map(await Promise.all(scansOf(plan).map(async (scan) => [scan, await scan.source.countRows?.(signal)] as const)));
  return rowsOf(plan, (scan) => counts.get(scan), how);
}

/** How many rows a plan gives, of what its scans give. */
export function rowsOf(plan: PhysicalOperator, ofScan: (scan: Scan) => number | undefined, how: How): number | undefined {
  const counted = (input: PhysicalOperator): number | undefined => rowsOf(input, ofScan, how);
  const atMost = (rows: number | undefined, most = Infinity): number | undefined => (rows === undefined ? undefined : Math.min(rows, most));
  switch (plan.kind) {
    case "scan": return atMost(ofScan(plan), plan.limit);
    case "union": return plan.inputs.map(counted).reduce((sum, count) => (sum === undefined || count === undefined ? undefined : sum + count), 0);
    case "zip": return counted(plan.inputs[0]);
    case "limit": return atMost(counted(plan.input), plan.rows);
    default: return how === "at most" || keepsRows(plan) ? counted(plan.input) : undefined;
  }
}

/** The scans of a plan, in the order of its stages. */
export function scansOf(plan: PhysicalOperator): readonly Scan[] {
  return plan.kind === "scan" ? [plan] : physicalInputsOf(plan).flatMap(scansOf);
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
