import { systemClock, type DeadLetter, type Row } from "@shoal/core";
import type { ConnectedCluster, JobSettings } from "@shoal/cluster";
import { dataset, type Dataset, type DatasetRuntime } from "@shoal/dataset";
import { runToSink, type Environment, type RunEvent, type RunStats } from "@shoal/executor";
import type { PhysicalOperator } from "@shoal/planner";
import { FakeActorHost, memorySink, withFaults, type CountingSource, type Faults } from "@shoal/testing";
import { doubling } from "../properties/plans.ts";

export interface Outcome {
  readonly rows: readonly Row[];
  readonly deadLetters: readonly DeadLetter[];
  readonly stats: RunStats;
}

/** A machine that predicts itself: what a run elsewhere must equal. */
export function machine(change: Partial<Environment> = {}, faults: Faults = {}): Environment {
  const host = new FakeActorHost({ load: async (_spec, actor) => withFaults(doubling([], actor), "id", faults, actor, systemClock) });
  return { host, clock: systemClock, resources: { cpus: 2, gpus: 0, memory: 2 ** 33 }, ...change };
}

export async function runHere(plan: PhysicalOperator, change: Partial<Environment> = {}, faults: Faults = {}): Promise<Outcome> {
  const sink = memorySink();
  const { stats } = await runToSink(plan, sink, machine(change, faults));
  return { rows: sink.rows, deadLetters: sink.deadLetters, stats };
}

/** The same where its predictors are a cluster's. */
export async function runOn(cluster: ConnectedCluster, plan: PhysicalOperator, change: Partial<Environment> = {}, job: Partial<JobSettings> = {}): Promise<Outcome> {
  const signal = change.signal ?? new AbortController().signal;
  await using opened = await cluster.openJob({ name: "test", volunteers: false, signal, onNotice: (message) => change.onEvent?.({ kind: "notice", message }), ...job });
  // There is nothing here to predict with.
  const sink = memorySink();
  const { stats } = await runToSink(plan, sink, { ...machine({ resources: { cpus: 0, gpus: 0, memory: 2 ** 30 } }), ...change, remote: opened.pools });
  await opened.published();
  return { rows: sink.rows, deadLetters: sink.deadLetters, stats };
}

/** A dataset on a machine of the tests. */
export function datasetHere<R extends object>(source: CountingSource, events: RunEvent[] = []): Dataset<R> {
  const runtime: DatasetRuntime = {
    settings: {}, print: () => {},
    open: async (settings) => ({ ...machine(), ...(settings.signal !== undefined && { signal: settings.signal }), onEvent: (event) => void events.push(event), [Symbol.asyncDispose]: async () => {} }),
  };
  return dataset(source, runtime) as unknown as Dataset<R>;
}
