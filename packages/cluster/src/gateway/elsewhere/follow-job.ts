import { ShoalError } from "@shoal/core";
import { segmentOf } from "../../scheduler/state.ts";
import type { LedgerEntry } from "../../engine/index.ts";
import { committedOf, entryOf, taskOfKey } from "../results/commit-record.ts";
import type { LedgerCommits } from "../results/ledger-commits.ts";
import { failJob } from "../jobs/end-job.ts";
import type { GatewayJob } from "../jobs/gateway-job.ts";
import type { GatewayState } from "../gateway-state.ts";
import { jobNote, openedRecord, type JobNote } from "./job-notes.ts";

const againMs = 1_000;

export interface FollowListener {
  note(note: JobNote): void;
  /** A gateway leads it from there on. */
  ledBy(gateway: number): void;
  /** Whoever led it has ended it, or its ledger is removed. */
  ended(): void;
}

/** Hears what other gateways write about a job, from a place in its ledger on, until the signal says so. */
export async function followJob(state: GatewayState, commits: LedgerCommits, job: GatewayJob, fromSeq: number, signal: AbortSignal, listener: FollowListener): Promise<void> {
  const { engine, clock, log } = state;
  for (let next = fromSeq; !signal.aborted; ) {
    try {
      for await (const entry of engine.ledger.follow(job.name, signal, next)) {
        if (signal.aborted) return;
        next = entry.seq + 1;
        hear(state, commits, job, entry, listener);
      }
      if (!signal.aborted && !(await engine.ledger.jobs()).includes(job.name)) return listener.ended();
    } catch (error) {
      if (signal.aborted) return;
      log.debug(`The ledger of ${job.name} can't be followed now: ${ShoalError.from(error).message}`);
    }
    await clock.sleep(againMs, signal).catch(() => {});
  }
}

function hear(state: GatewayState, commits: LedgerCommits, job: GatewayJob, entry: LedgerEntry, listener: FollowListener): void {
  if (state.jobs.get(job.name) !== job) return;
  if (entry.kind === "commit") return hearCommit(state, commits, job, entry);
  if (entry.kind === "note") {
    const note = jobNote(job.name, entry.record);
    return note && listener.note(note);
  }
  if (entry.records.some(({ kind }) => kind === "closed")) return listener.ended();
  const opened = openedRecord(entry.records);
  if (opened?.gateway !== undefined) listener.ledBy(opened.gateway);
}

/** Of what this gateway commits itself the answer has been heard, or will be: either comes first, and the other tells nothing new. */
function hearCommit(state: GatewayState, commits: LedgerCommits, job: GatewayJob, { block, record }: Extract<LedgerEntry, { kind: "commit" }>): void {
  const task = taskOfKey(job.name, block);
  const segment = task && segmentOf(state.loop.state, task);
  if (task !== undefined) job.guest?.decided.add(task);
  if (task === undefined || segment === undefined || segment.committed.has(task.block)) return;
  try {
    if (segment.open.has(task.block)) return commits.seen(job, task, record);
    // Of a block that its driver has not offered again yet. What is lent from elsewhere is known only as long as it is here.
    if (job.guest !== undefined) return;
    const committed = committedOf(record);
    job.decided(task, committed);
    state.loop.tell({ kind: "ledger-replayed", task, entry: entryOf(committed) });
  } catch (error) {
    failJob(state, job, ShoalError.from(error).toData());
  }
}
