import { ShoalError } from "@shoal/core";
import type { JobDescription } from "../../connection/messages.ts";
import type { Fence, LedgerEntry } from "../../engine/index.ts";
import { segmentOf } from "../../scheduler/state.ts";
import { committedOf, entryOf, taskOfKey } from "../results/commit-record.ts";
import { storeDescription } from "./store-description.ts";
import type { GatewayJob } from "./gateway-job.ts";
import type { GatewayState } from "../gateway-state.ts";
import { jobNote, openedRecord, type Claim } from "../elsewhere/job-notes.ts";
import { roleOf } from "../elsewhere/job-roles.ts";

const retryMs = 500;

/** What a job's ledger says of other gateways. */
export interface ReadLedger {
  /** Others have leased blocks of it, or have results of it: what they write is to be heard. */
  readonly hasHelpers: boolean;
  readonly claims: readonly Claim[];
  /** Tasks, by their keys, that other gateways said they have. */
  readonly held: readonly string[];
}

/** Gives a job its ledger, or reads the one that it has: what stands there is done, whichever gateway committed it. Its role must be held. @throws `gateway-deposed`, `ledger-gone` */
export async function readLedger(state: GatewayState, job: GatewayJob): Promise<ReadLedger> {
  const { engine, loop } = state;
  await persist(state, () => engine.ledger.open(job.name));
  // What can't be stored now is told to others when they need it.
  job.describedAs ??= await storeDescription(state, job).catch(() => undefined);
  // First it is written who leads now, then read: so nothing of an earlier one comes after what is read.
  await writeOpened(state, job);
  withdrawParts(state, job);
  job.recount();
  loop.tell({ kind: "job-submitted", spec: job.spec });
  // Who paused it before told a scheduler that did not know it.
  if (job.pausedBy.size > 0) loop.tell({ kind: "job-paused", job: job.name });
  const claims: Claim[] = [];
  const held = new Set<string>();
  let hasHelpers = false;
  for await (const entry of engine.ledger.replay(job.name)) {
    job.knownSeq = entry.seq;
    if (entry.kind === "commit") replayCommit(state, job, entry);
    if (entry.kind === "append") noteEpoch(state, job, openedRecord(entry.records)?.gateway);
    const note = entry.kind === "note" ? jobNote(job.name, entry.record) : undefined;
    if (note?.kind === "joined") {
      noteEpoch(state, job, note.gateway);
      hasHelpers ||= note.gateway !== loop.epoch;
    }
    if (note?.kind === "claim") claims.push(note.claim);
    if (note?.kind === "holds" && note.gateway !== loop.epoch) for (const key of note.tasks) held.add(key);
    if (entry.kind === "commit") held.delete(entry.block);
  }
  job.rowsBefore = job.segments.at(-1)?.rowsDone ?? 0;
  return { hasHelpers, claims, held: [...held] };
}

async function writeOpened(state: GatewayState, job: GatewayJob): Promise<void> {
  const { engine, loop, date } = state;
  const record = { kind: "opened", at: date(), name: job.description.name.slice(0, 200), gateway: loop.epoch, ...(job.description.passing === true && { passing: true }), ...(job.describedAs === undefined ? {} : { description: job.describedAs }) };
  for (;;) {
    const { role } = job;
    if (role === undefined) throw deposed(job.name);
    const fence: Fence = { role: roleOf(job.name), epoch: role.epoch };
    const { outcome } = await engine.ledger.append(job.name, [record], fence);
    if (outcome === "accepted") return;
    if (outcome === "deposed") throw deposed(job.name);
    if (outcome === "no-ledger") throw ledgerRemoved(job.name);
    await state.clock.sleep(retryMs, state.signal);
  }
}

function noteEpoch({ loop }: GatewayState, job: GatewayJob, gateway: number | undefined): void {
  if (gateway !== undefined && gateway !== loop.epoch) job.epochs.add(gateway);
}

function replayCommit(state: GatewayState, job: GatewayJob, { block, record }: Extract<LedgerEntry, { kind: "commit" }>): void {
  const task = taskOfKey(job.name, block);
  if (task === undefined) return;
  const committed = committedOf(record);
  job.decided(task, committed);
  state.loop.tell({ kind: "ledger-replayed", task, entry: entryOf(committed) });
}

/** Of a job that was lent here only whole blocks go on: what else belongs to the others its ledger is yet to say. */
function withdrawParts({ loop }: GatewayState, job: GatewayJob): void {
  for (const { segment, block, first, rows } of openParts(loop.state, job.name)) {
    if (segmentOf(loop.state, { job: job.name, segment })?.open.get(block)?.rows !== rows) loop.tell({ kind: "task-withdrawn", task: { job: job.name, segment, block, first, rows } });
  }
}

function openParts(state: GatewayState["loop"]["state"], name: string): { readonly segment: number; readonly block: number; readonly first: number; readonly rows: number }[] {
  const segments = state.jobs.get(name)?.segments ?? [];
  return segments.flatMap(({ index, open }) => [...open].flatMap(([block, { parts }]) => parts.map(({ first, rows }) => ({ segment: index, block, first, rows }))));
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

/** Its driver is to find who leads the job now. */
export function deposed(job: string): ShoalError {
  return new ShoalError("gateway-deposed", `This gateway leads job ${job} no more: another one has taken it over, or the engine could not be reached for longer than the role lasts.`, { hint: "Connect again: another gateway takes it up. Nothing that was committed is lost." });
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
