import { commonSchema, schemaOf, ShoalError, type Datasink, type DeadLetter, type Schema, type SinkResult } from "@shoal/core";
import type { PhysicalOperator } from "@shoal/planner";
import type { Environment } from "./environment.ts";
import type { RunStats } from "./stats/run-stats.ts";
import { execute } from "./streaming-executor.ts";

/**
 * Runs a plan into a sink. The output appears whole or not at all: it is published when every row is written and discarded when anything
 * fails or the signal aborts. Rows that fail with `deadLetter` go to the sink too, unless the environment has another place for them.
 * @param schema what an output without rows gets when the plan can't tell.
 */
export async function runToSink(plan: PhysicalOperator, sink: Datasink, environment: Environment, schema?: Schema): Promise<{ readonly result: SinkResult; readonly stats: RunStats }> {
  const signal = environment.signal ?? new AbortController().signal;
  const held: DeadLetter[] = [];
  const deadLetters = environment.deadLetters ?? (async (letters: readonly DeadLetter[]): Promise<void> => void held.push(...letters));
  let finished: RunStats | undefined;
  const execution = execute(plan, {
    ...environment,
    deadLetters,
    // A run is finished when its output is there.
    onEvent: (event) => (event.kind === "run-finished" ? (finished = event.stats) : environment.onEvent?.(event)),
  });
  signal.throwIfAborted();
  const writer = await sink.open(signal);
  let seen: Schema | undefined;
  try {
    const writeLetters = async (): Promise<void> => {
      if (held.length > 0) await writer.writeDeadLetters(held.splice(0));
    };
    for await (const block of execution) {
      const own = schemaOf(block.columns);
      seen = seen === undefined ? own : commonSchema(seen, own);
      await writeLetters();
      if (block.rows > 0) await writer.write(block);
    }
    await writeLetters();
    signal.throwIfAborted();
    const result = await writer.publish(seen ?? schema ?? { fields: [] });
    const stats = finished ?? execution.stats();
    environment.onEvent?.({ kind: "run-finished", stats, result });
    return { result, stats };
  } catch (error) {
    try {
      await writer.discard();
    } catch (second) {
      throw new ShoalError("discard-failed", `The run failed, and what it had written could not be removed: ${ShoalError.from(second).message}`, { cause: error });
    }
    throw error;
  }
}
