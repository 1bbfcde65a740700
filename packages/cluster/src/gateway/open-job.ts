import { ShoalError } from "@shoal/core";
import type { JobDescription } from "../connection/messages.ts";
import type { Fence } from "../engine/index.ts";
import { committedOf, entryOf, taskOfKey } from "./commit-record.ts";
import type { GatewayJob } from "./gateway-job.ts";
import type { GatewayState } from "./gateway-state.ts";

export const gatewayRole = "gateway";
const retryMs = 500;

/** Gives a job its ledger, or reads the one that it has: what stands there is done, whichever gateway committed it. */
export async function readLedger(state: GatewayState, job: GatewayJob): Promise<void> {
  const { engine, loop, date } = state;
  await persist(state, () => engine.ledger.open(job.name));
  const fence: Fence = { role: gatewayRole, epoch: loop.epoch };
  // First it is written who leads now, then read: so nothing of an earlier one comes after what is read.
  for (;;) {
    const { outcome } = await engine.ledger.append(job.name, [{ kind: "opened", at: date(), name: job.description.name.slice(0, 200), ...(job.description.passing === true && { passing: true }) }], fence);
    if (outcome === "accepted") break;
    if (outcome === "deposed") throw new ShoalError("gateway-deposed", "Another gateway has taken over.", { hint: "Connect again: it answers at the same place, or nobody does." });
    if (outcome === "no-ledger") throw ledgerRemoved(job.name);
    await state.clock.sleep(retryMs, state.signal);
  }
  loop.tell({ kind: "job-submitted", spec: job.spec });
  for await (const entry of engine.ledger.replay(job.name)) {
    if (entry.kind === "append" && entry.role === gatewayRole && entry.epoch !== loop.epoch) job.epochs.add(entry.epoch);
    const task = entry.kind === "commit" ? taskOfKey(job.name, entry.block) : undefined;
    if (entry.kind !== "commit" || task === undefined) continue;
    const committed = committedOf(entry.record);
    job.decided(task, committed);
    loop.tell({ kind: "ledger-replayed", task, entry: entryOf(committed) });
  }
  job.rowsBefore = job.segments.at(-1)?.rowsDone ?? 0;
}

/** Blocks that are done. */
export function committedBlocks(state: GatewayState, job: GatewayJob): number {
  return (state.loop.state.jobs.get(job.name)?.segments ?? []).reduce((sum, { committed }) => sum + committed.size, 0);
}

/** @throws `job-differs` */
export function assertSameJob(job: GatewayJob, description: JobDescription): void {
  const plans = ({ segments }: JobDescription): string => JSON.stringify(segments.map(({ plan }) => plan));
  if (plans(job.description) === plans(description)) return;
  throw new ShoalError("job-differs", `Job ${description.job} runs here already, with other steps.`, { hint: "Wait until it has ended, or give this one a name of its own.", failure: "bug" });
}

function ledgerRemoved(job: string): ShoalError {
  return new ShoalError("ledger-gone", `The ledger of job ${job} was removed.`, { failure: "bug", hint: "Run it again, under another name." });
}

async function persist(state: GatewayState, write: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!ShoalError.is(error, "engine-paused")) throw error;
      await state.clock.sleep(retryMs, state.signal);
    }
  }
}
