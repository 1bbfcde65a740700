// Several gateways over one engine: blocks lent through the queue, and what becomes of them when gateways and drivers are killed.
import type { LedgerEntry } from "@shoal/cluster";
import { expect, test } from "vitest";
import { passUntil } from "./open-gateway.ts";
import { numbers, ScriptedDriver } from "./scripted-driver.ts";
import { ScriptedWorker } from "./scripted-worker.ts";
import { severalGateways, type SeveralGateways } from "./several-gateways.ts";

const twiceAll = (blocks: readonly (readonly number[])[]): number[] => blocks.flat().map((n) => 2 * n);
const beat = (workers: readonly ScriptedWorker[]): void => {
  for (const worker of workers) if (!worker.isClosed) worker.say({ kind: "beat", rows: 0, state: "waiting" });
};

async function entriesOf({ engine }: SeveralGateways, job = "job"): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  for await (const entry of engine.ledger.replay(job)) entries.push(entry);
  return entries;
}

/** How many blocks each worker's results stand for in the ledger. */
async function sharesOf(several: SeveralGateways): Promise<Map<string, number>> {
  const shares = new Map<string, number>();
  for (const entry of await entriesOf(several)) {
    if (entry.kind !== "commit") continue;
    const worker = String(entry.record["worker"]);
    shares.set(worker, (shares.get(worker) ?? 0) + 1);
  }
  return shares;
}

test("a job's blocks are spread over the workers of three gateways, and come out as from one machine", { timeout: 60_000 }, async () => {
  const several = await severalGateways(3);
  const { clock } = several;
  const blocks = numbers(1_500);
  const workers = several.gateways.flatMap((gateway, index) => ["a", "b"].map((name) => several.connect(new ScriptedWorker(`${name}${index}`, { script: (block) => slowly(clock, block) }), gateway)));
  const driver = several.connect(new ScriptedDriver({ blocks }), several.at(0));
  await passUntil(clock, () => {
    beat(workers);
    return driver.done.size === blocks.length;
  }, 50);
  expect(driver.values()).toEqual(twiceAll(blocks));
  const shares = await sharesOf(several);
  console.log(shares, clock.now(), workers.map(({ tasks }) => tasks.length));
  expect([...shares.values()].reduce((sum, each) => sum + each, 0)).toBe(blocks.length);
  for (const worker of workers) expect(shares.get(worker.name) ?? 0).toBeGreaterThan(blocks.length / 12);
});
