import type { BlobStore, Engine, Ledger, LedgerEntry, QueuedTask, QueueLease, TaskQueue } from "@shoal/cluster";
import type { Clock } from "@shoal/core";
import { withSwallowedReplies, type Delivery } from "./swallowed-replies.ts";

/** What may go wrong with an engine, and all of which the port allows. Each is asked again and again; absent: it does not happen. */
export interface EngineFaults {
  readonly clock: Clock;
  /** Of a write to the ledger. */
  readonly write?: () => Delivery;
  /** How late an entry is followed, in milliseconds. */
  readonly followMs?: () => number;
  /** A task that is offered is lost, though it is said to be queued. */
  readonly loses?: () => boolean;
  /** A task is given out once more, to somebody else. */
  readonly doubles?: () => boolean;
  /** A task that nobody offered is given out. */
  readonly invents?: () => QueuedTask | undefined;
  /** An acknowledgement is lost: the task comes again. */
  readonly losesAcknowledgement?: () => boolean;
  /** Bytes can't be stored, or not be had, at the moment. */
  readonly blob?: () => Error | undefined;
}

/** An engine on which everything fails that may. What it has accepted it keeps. */
export function faultyEngine(engine: Engine, faults: EngineFaults): Engine {
  const { leader } = engine;
  return {
    ledger: faultyLedger(faults.write === undefined ? engine.ledger : withSwallowedReplies(engine.ledger, faults.write), faults),
    queue: faultyQueue(engine.queue, faults),
    blobs: faultyBlobs(engine.blobs, faults),
    leader: { shortestTtlMs: leader.shortestTtlMs, acquire: (role, ttlMs, signal) => leader.acquire(role, ttlMs, signal) },
    keepsLedgers: engine.keepsLedgers,
    status: () => engine.status(),
    close: () => engine.close(),
  };
}

function faultyLedger(ledger: Ledger, { clock, followMs }: EngineFaults): Ledger {
  if (followMs === undefined) return ledger;
  return {
    open: (job) => ledger.open(job), remove: (job) => ledger.remove(job), jobs: () => ledger.jobs(), committed: (job, block) => ledger.committed(job, block), replay: (job, from) => ledger.replay(job, from),
    commit: (job, block, record) => ledger.commit(job, block, record), note: (job, record) => ledger.note(job, record), append: (job, records, fence) => ledger.append(job, records, fence),
    async *follow(job, signal, from): AsyncGenerator<LedgerEntry> {
      for await (const entry of ledger.follow(job, signal, from)) {
        const ms = followMs();
        if (ms > 0) await clock.sleep(ms, signal).catch(() => {});
        if (signal.aborted) return;
        yield entry;
      }
    },
  };
}

let copies = 0;

function faultyQueue(queue: TaskQueue, { loses, doubles, invents, losesAcknowledgement }: EngineFaults): TaskQueue {
  const given = (lease: QueueLease): QueueLease => ({
    task: lease.task, deliveries: lease.deliveries,
    extend: () => lease.extend(),
    giveBack: (delayMs) => lease.giveBack(delayMs),
    acknowledge: () => (losesAcknowledgement?.() === true ? Promise.resolve() : lease.acknowledge()),
  });
  return {
    leaseMs: queue.leaseMs,
    offer: async (task) => {
      if (loses?.() === true) return "queued";
      if (doubles?.() === true) await queue.offer({ ...task, id: `${task.id} copy ${++copies}` });
      return queue.offer(task);
    },
    pull: async (classes, count, waitMs, signal) => {
      const made = invents?.();
      if (made !== undefined && count > 0) return [{ task: { ...made, class: classes[0] ?? made.class }, deliveries: 1, extend: async () => {}, acknowledge: async () => {}, giveBack: async () => {} }];
      return (await queue.pull(classes, count, waitMs, signal)).map(given);
    },
  };
}

function faultyBlobs(blobs: BlobStore, { blob }: EngineFaults): BlobStore {
  if (blob === undefined) return blobs;
  const unlessFailing = <T>(ask: () => Promise<T>): Promise<T> => {
    const error = blob();
    return error === undefined ? ask() : Promise.reject(error);
  };
  const release = blobs.release?.bind(blobs);
  return {
    ...(release !== undefined && { release }),
    put: (sha256, bytes) => unlessFailing(() => blobs.put(sha256, bytes)), get: (sha256, range) => unlessFailing(() => blobs.get(sha256, range)),
    size: (sha256) => blobs.size(sha256), collect: (isReferenced, graceMs) => blobs.collect(isReferenced, graceMs),
  };
}
