import type { Engine, Ledger, TaskQueue, BlobStore } from "@shoal/cluster";
import { ShoalError, type Clock } from "@shoal/core";
import type { Histogram } from "./metrics-text.ts";

/** What a gateway asked of its engine, and how that was answered. */
export interface EngineNumbers {
  /** By `<kind> <outcome>`, as in `commit accepted`. */
  readonly writes: ReadonlyMap<string, number>;
  /** Of commits that were accepted or lost, in seconds. */
  readonly commitSeconds: Histogram;
  /** `offered`, `full`, `pulled`. */
  readonly tasks: ReadonlyMap<string, number>;
  /** `in`, `out`. */
  readonly blobBytes: ReadonlyMap<string, number>;
  /** What was thrown, by code. */
  readonly errors: ReadonlyMap<string, number>;
}

const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The same engine, counted. */
export function measureEngine(engine: Engine, clock: Clock): { readonly engine: Engine; readonly numbers: EngineNumbers } {
  const counters = { writes: new Map<string, number>(), tasks: new Map<string, number>(), blobBytes: new Map<string, number>(), errors: new Map<string, number>() };
  const seconds = { bounds, counts: new Array<number>(bounds.length + 1).fill(0), sum: 0 };
  const add = (counter: Map<string, number>, key: string, count = 1): void => void counter.set(key, (counter.get(key) ?? 0) + count);
  const watched = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      add(counters.errors, ShoalError.from(error).code);
      throw error;
    }
  };
  const written = async <T extends { readonly outcome: string }>(kind: string, answer: Promise<T>): Promise<T> => {
    const given = await watched(answer);
    add(counters.writes, `${kind} ${given.outcome}`);
    return given;
  };
  const observe = (value: number): void => {
    const at = bounds.findIndex((bound) => value <= bound);
    const bucket = at === -1 ? bounds.length : at;
    seconds.counts[bucket] = (seconds.counts[bucket] ?? 0) + 1;
    seconds.sum += value;
  };

  const ledger: Ledger = {
    open: (job) => watched(engine.ledger.open(job)),
    remove: (job) => watched(engine.ledger.remove(job)),
    jobs: () => watched(engine.ledger.jobs()),
    commit: async (job, block, record) => {
      const begun = clock.now();
      const given = await written("commit", engine.ledger.commit(job, block, record));
      if (given.outcome === "accepted" || given.outcome === "lost") observe((clock.now() - begun) / 1000);
      return given;
    },
    committed: (job, block) => watched(engine.ledger.committed(job, block)),
    note: (job, record) => written("note", engine.ledger.note(job, record)),
    append: (job, records, fence) => written("append", engine.ledger.append(job, records, fence)),
    replay: (job, fromSeq) => engine.ledger.replay(job, fromSeq),
    follow: (job, signal, fromSeq) => engine.ledger.follow(job, signal, fromSeq),
  };
  const queue: TaskQueue = {
    leaseMs: engine.queue.leaseMs,
    offer: async (task) => {
      const given = await watched(engine.queue.offer(task));
      add(counters.tasks, given === "full" ? "full" : "offered");
      return given;
    },
    pull: async (classes, count, waitMs, signal) => {
      const leases = await watched(engine.queue.pull(classes, count, waitMs, signal));
      if (leases.length > 0) add(counters.tasks, "pulled", leases.length);
      return leases;
    },
  };
  return { engine: { keepsLedgers: engine.keepsLedgers, ledger, queue, leader: engine.leader, blobs: measureBlobs(engine.blobs, watched, (direction, bytes) => add(counters.blobBytes, direction, bytes)), status: () => engine.status(), close: () => engine.close() }, numbers: { ...counters, commitSeconds: seconds } };
}

function measureBlobs(blobs: BlobStore, watched: <T>(answer: Promise<T>) => Promise<T>, count: (direction: "in" | "out", bytes: number) => void): BlobStore {
  const add = blobs.add?.bind(blobs);
  const url = blobs.url?.bind(blobs);
  const release = blobs.release?.bind(blobs);
  return {
    put: async (sha256, bytes) => {
      const given = await watched(blobs.put(sha256, bytes));
      if (given === "stored") count("in", bytes.byteLength);
      return given;
    },
    ...(add !== undefined && {
      add: async (sha256: string, bytes: Uint8Array) => {
        const { byteLength } = bytes;
        await watched(add(sha256, bytes));
        count("in", byteLength);
      },
    }),
    get: async (sha256, range) => {
      const bytes = await watched(blobs.get(sha256, range));
      count("out", bytes.byteLength);
      return bytes;
    },
    ...(release !== undefined && { release }),
    size: (sha256) => watched(blobs.size(sha256)),
    ...(url !== undefined && { url: (sha256: string, method: "get" | "put", ttlMs: number) => watched(url(sha256, method, ttlMs)) }),
    collect: (isReferenced, graceMs) => watched(blobs.collect(isReferenced, graceMs)),
  };
}
