import type { Engine } from "@shoal/cluster";
import { systemClock } from "@shoal/core";
import { LedgerBook } from "./ledger-book.ts";
import { NatsElection } from "./nats-election.ts";
import { NatsLedger } from "./nats-ledger.ts";
import { NatsLink } from "./nats-link.ts";
import { NatsNames } from "./nats-names.ts";
import type { NatsEngineOptions, NatsQueueOptions } from "./nats-options.ts";
import { NatsQueue } from "./nats-queue.ts";
import { Register } from "./register.ts";

export const defaultPrefix = "shoal";
export const defaultReplicas = 3;
export const defaultMaxJobs = 1000;
export const defaultQueue: Required<NatsQueueOptions> = { leaseMs: 60_000, maxTasks: 100_000, maxAgeMs: 86_400_000 };

/**
 * Takes part in the engine that lives on these servers, which is made if need be. All who do so with the same prefix share it.
 * @throws `engine-unreachable`; `engine-too-old`; `engine-replicas`: fewer servers than replicas; `engine-config`: it is there, made otherwise; `engine-refused`; `engine-paused`; `bad-option`
 */
export async function openNatsEngine({ blobs, prefix = defaultPrefix, replicas = defaultReplicas, queue, maxJobs = defaultMaxJobs, requestMs = 2000, patienceMs = 10_000, unsafe = false, clock = systemClock, date = Date.now, random = Math.random, ...servers }: NatsEngineOptions): Promise<Engine> {
  const names = new NatsNames(prefix);
  const link = await NatsLink.open({ ...servers, requestMs, patienceMs, unsafe, clock, random });
  try {
    const register = new Register(link, names, replicas, date);
    const tasks = new NatsQueue(link, names, replicas, { ...defaultQueue, ...queue });
    await Promise.all([register.make(), tasks.make()]);
    return {
      ledger: new NatsLedger(link, new LedgerBook(link, names, register, { replicas, maxJobs })),
      queue: tasks,
      leader: new NatsElection(link, names, register),
      blobs,
      keepsLedgers: true,
      status: () => link.status(),
      close: () => link.close(),
    };
  } catch (error) {
    await link.close();
    throw error;
  }
}
