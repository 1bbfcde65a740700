import { commonSchema, schemaOf, ShoalError, type Datasink, type Schema, type SinkResult, type SinkWriter } from "@shoal/core";
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
  let writer: SinkWriter | undefined;
  // A writer takes one call at a time, and dead letters come while blocks are being written.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(write: () => Promise<T>): Promise<T> => {
    const turn = last.then(write);
    last = turn.catch(() => {});
    return turn;
  };
  let finished: RunStats | undefined;
  const execution = execute(plan, {
    ...environment,
    deadLetters: environment.deadLetters ?? ((letters) => inTurn(async () => writer?.writeDeadLetters(letters))),
    // A run is finished when its output is there.
    onEvent: (event) => (event.kind === "run-finished" ? (finished = event.stats) : environment.onEvent?.(event)),
  });
  signal.throwIfAborted();
  const opened = (writer = await sink.open(signal));
  let seen: Schema | undefined;
  try {
    for await (const block of execution) {
      const own = schemaOf(block.columns);
      seen = seen === undefined ? own : commonSchema(seen, own);
      if (block.rows > 0) await inTurn(() => opened.write(block));
    }
    signal.throwIfAborted();
    const result = await inTurn(() => opened.publish(seen ?? schema ?? { fields: [] }));
    const stats = finished ?? execution.stats();
    environment.onEvent?.({ kind: "run-finished", stats, result });
    return { result, stats };
  } catch (error) {
    if (finished !== undefined) {
      const { code, message } = ShoalError.from(error).toData();
      environment.onEvent?.({ kind: "run-failed", code, message, stats: finished });
    }
    try {
      await inTurn(() => opened.discard());
    } catch (second) {
      throw new ShoalError("discard-failed", `The run failed, and what it had written could not be removed: ${ShoalError.from(second).message}`, { cause: error, hint: "Mend what the cause names, and remove the unfinished output by hand, or run again with mode: \"overwrite\"." });
    }
    throw error;
  }
}
