import type { Engine } from "@shoal/cluster";
import { systemClock, systemDate, systemRandom } from "@shoal/core";
import { LedgerBook } from "./ledger-book.ts";
import { NatsElection } from "./nats-election.ts";
import { NatsLedger } from "./nats-ledger.ts";
import { NatsLink } from "./nats-link.ts";
import { NatsNames } from "./nats-names.ts";
import { defaultMaxJobs, defaultPatienceMs, defaultPrefix, defaultQueue, defaultReplicas, defaultRequestMs, type NatsEngineOptions } from "./nats-options.ts";
import { NatsQueue } from "./nats-queue.ts";
import { Register } from "./register.ts";

/**
 * Takes part in the engine that lives on these servers, which is made if need be. All who do so with the same prefix share it.
 * @throws `engine-unreachable`; `engine-too-old`; `engine-replicas`: fewer servers than replicas; `engine-config`: it is there, made otherwise; `engine-refused`; `engine-paused`; `bad-option`
 */
export async function openNatsEngine({ blobs, prefix = defaultPrefix, replicas = defaultReplicas, queue, maxJobs = defaultMaxJobs, requestMs = defaultRequestMs, patienceMs = defaultPatienceMs, unsafe = false, clock = systemClock, date = systemDate, random = systemRandom, ...servers }: NatsEngineOptions): Promise<Engine> {
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
