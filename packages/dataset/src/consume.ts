import { assertNotInsideActor, type Block } from "@shoal/core";
import { execute, refuseOwnInput, type RunStats } from "@shoal/executor";
import { plan, type LogicalOperator, type PhysicalOperator, type PlanOptions } from "@shoal/planner";
import { openRemote } from "./open-remote.ts";
import { mergeSettings } from "./merge-settings.ts";
import type { DatasetRuntime, RunSettings } from "./run-settings.ts";

/** What can be run: a plan, and what it runs on. */
export interface Runnable {
  readonly plan: LogicalOperator;
  readonly runtime: DatasetRuntime;
}

/**
 * Runs a plan and gives its blocks. Ending the loop early ends the run and disposes what it held.
 * @param written what the blocks are handed on as, to whom may change it in place: batches of columns, or what rows hold
 */
export async function* consume(runnable: Runnable, settings: RunSettings, onStats: (stats: RunStats) => void = () => {}, written?: "columns" | "values"): AsyncGenerator<Block, void, undefined> {
  assertNotInsideActor();
  const merged = mergeSettings(runnable.runtime.settings, settings);
  const { physical } = plan(limited(runnable.plan, merged), planOptions(merged));
  await using environment = await runnable.runtime.open(merged);
  await refuseReadLetters(physical, merged);
  await using remote = await openRemote(physical, merged, environment);
  const execution = execute(physical, written === undefined ? remote.environment : { ...remote.environment, written });
  try {
    for await (const block of execution) {
      environment.pulled?.(false);
      yield block;
      environment.pulled?.(true);
    }
    await remote.published();
  } finally {
    onStats(execution.stats());
  }
}

export function planOptions(settings: RunSettings): PlanOptions {
  return { preserveOrder: settings.preserveOrder ?? true, onError: settings.onError ?? "fail" };
}

/** The plan under the run's own limit. */
export function limited(operator: LogicalOperator, { limit }: RunSettings): LogicalOperator {
  return limit === undefined ? operator : { kind: "limit", input: operator, rows: limit };
}

/** The file that the run's dead letters go to may be none that it reads. @throws `output-is-input` */
export async function refuseReadLetters(physical: PhysicalOperator, { deadLetters, signal = new AbortController().signal }: RunSettings): Promise<void> {
  if (deadLetters !== undefined) await refuseOwnInput(physical, { name: `The file of dead letters, ${deadLetters},`, path: deadLetters }, signal);
}
