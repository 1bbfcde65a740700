import type { Scan } from "@shoal/planner";
import { scansOf, type BegunPartition, type RunPosition } from "./run-tracking.ts";
import type { PhysicalOperator } from "@shoal/planner";
import type { LedgerRecord } from "./run-ledger.ts";

/** Which partitions that rows of the output were made of are not what they were, one sentence each. Opens none of them. */
export async function inputChanges(plan: PhysicalOperator, records: readonly LedgerRecord[], position: RunPosition, signal: AbortSignal): Promise<string[]> {
  const changes: string[] = [];
  const begun = begunBy(records);
  for (const [scan, operator] of scansOf(plan).entries()) {
    const used = [...(begun.get(scan)?.values() ?? [])].filter(({ at }) => isUsed(scan, at, position)).toSorted((a, b) => a.at - b.at);
    if (used.length > 0) changes.push(...(await scanChanges(operator as Scan, used, signal)));
  }
  return changes;
}

/** By scan and number; what a later run noted counts. */
function begunBy(records: readonly LedgerRecord[]): Map<number, Map<number, BegunPartition>> {
  const begun = new Map<number, Map<number, BegunPartition>>();
  for (const { partitions = [] } of records) {
    for (const partition of partitions) {
      const scan = begun.get(partition.scan) ?? new Map<number, BegunPartition>();
      begun.set(partition.scan, scan.set(partition.at, partition));
    }
  }
  return begun;
}

function isUsed(scan: number, at: number, { scan: last, partition, row }: RunPosition): boolean {
  return scan < last || (scan === last && (at < partition || (at === partition && row > 0)));
}

async function scanChanges({ source }: Scan, used: readonly BegunPartition[], signal: AbortSignal): Promise<string[]> {
  // A source may remember by its signal what it listed.
  const own = AbortSignal.any([signal]);
  const last = used.at(-1)?.at ?? -1;
  const now = new Map<number, { readonly id: string; readonly version: string }>();
  let at = 0;
  for await (const { id, version } of source.partitions(own)) {
    now.set(at, { id, version });
    if (at++ >= last) break;
  }
  return used.flatMap((before) => {
    const is = now.get(before.at);
    if (is === undefined) return [`The input ${before.id} is no longer there.`];
    if (is.id !== before.id) return [`The input in place ${before.at + 1} was ${before.id} and is ${is.id}.`];
    return is.version === before.version ? [] : [`The input ${before.id} has changed.`];
  }).slice(0, 5);
}
