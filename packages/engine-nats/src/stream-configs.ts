import type { ConsumerConfig, StreamConfig } from "@nats-io/jetstream";
import type { NatsNames } from "./nats-names.ts";
import type { NatsQueueOptions } from "./nats-options.ts";

/** A stream by what it must be. */
export type AskedStream = Partial<StreamConfig> & Pick<StreamConfig, "name">;

export const nanos = (ms: number): number => ms * 1_000_000;

/** One for each job and generation. What stands in it is never changed, and goes as a whole. */
export function ledgerStream(names: NatsNames, job: string, generation: number, replicas: number): AskedStream {
  return {
    name: names.ledger(job, generation),
    subjects: [`${names.ledgerSubjects(job, generation)}.>`],
    storage: "file",
    retention: "limits",
    discard: "new",
    num_replicas: replicas,
    max_age: 0,
    max_msgs: -1,
    max_bytes: -1,
    max_msgs_per_subject: -1,
    deny_delete: true,
    deny_purge: true,
    allow_atomic: true,
    metadata: { "shoal.job": job },
  };
}

/** The last word by subject: which jobs there are and were, and who has a role. */
export function registerStream(names: NatsNames, replicas: number): AskedStream {
  return {
    name: names.register,
    subjects: [names.allOfRegister],
    storage: "file",
    retention: "limits",
    discard: "old",
    num_replicas: replicas,
    max_age: 0,
    max_msgs: -1,
    max_msgs_per_subject: 1,
    allow_msg_ttl: true,
    deny_purge: true,
  };
}

/** A task is there until it is acknowledged, or old. */
export function queueStream(names: NatsNames, replicas: number, { maxTasks, maxAgeMs }: Required<NatsQueueOptions>): AskedStream {
  return {
    name: names.queue,
    subjects: [names.allTasks],
    storage: "file",
    retention: "workqueue",
    discard: "new",
    num_replicas: replicas,
    max_msgs: maxTasks,
    max_age: nanos(maxAgeMs),
  };
}

export function queueConsumer(names: NatsNames, className: string, priority: number, { leaseMs, maxTasks, maxAgeMs }: Required<NatsQueueOptions>): Partial<ConsumerConfig> {
  return {
    durable_name: names.consumer(className, priority),
    filter_subject: `${names.tasks(className, priority)}.*`,
    ack_policy: "explicit",
    deliver_policy: "all",
    ack_wait: nanos(leaseMs),
    // Deliveries are no failures: whoever counts them as such loses the tasks of tabs that closed.
    max_deliver: -1,
    max_ack_pending: maxTasks,
    max_waiting: 20_000,
    // Longer than any task of it lives: no puller misses one whose consumer went before.
    inactive_threshold: nanos(2 * maxAgeMs),
  };
}
