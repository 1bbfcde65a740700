import { blockBytes, missingColumn, selectColumns, type Block, type BlockResult, type PredictorSpec } from "@shoal/core";
import { isStateful, type ActorPoolStage } from "@shoal/planner";
import { finishRows } from "../errors/finish-rows.ts";
import { FirstBatches } from "../errors/first-batches.ts";
import { blockRowOf } from "./row-reader.ts";
import type { BlockPool, ExpectedInput, OpenPool } from "../pool/block-pool.ts";
import type { PoolEvent } from "../pool/pool-settings.ts";
import { PoolRecorder } from "../stats/stage-recorder.ts";
import { onAbort, orAborted } from "../streams/abort.ts";
import { ByteBudget, type Permit } from "../streams/byte-budget.ts";
import { ReorderWindow } from "../streams/reorder.ts";
import { inputOf, type BlockStream, type Operator, type StageRun } from "./operator.ts";

export interface ActorPoolRun {
  readonly openPool: OpenPool;
  readonly budgetBytes: number;
  readonly expectedInput: () => ExpectedInput | undefined;
  readonly onProgress: () => void;
  readonly onEvent: (event: PoolEvent | { readonly kind: "batch-failed"; readonly rows: number; readonly code: string; readonly message: string }) => void;
}

interface Outcome {
  readonly given: Block;
  readonly result: BlockResult;
  readonly permit: Permit;
}

/** Runs a predictor over blocks in a pool of actors. The only kind of stage that reads ahead: as far as its actors, window and bytes allow. */
export function actorPool(stage: ActorPoolStage, around: ActorPoolRun): Operator {
  return ([input], run) => new PoolStage(stage, around, run).blocks(inputOf(input));
}

class PoolStage {
  readonly #stage: ActorPoolStage;
  readonly #run: StageRun;
  readonly #pool: BlockPool;
  readonly #window: ReorderWindow<Outcome>;
  readonly #budget: ByteBudget;
  readonly #recorder: PoolRecorder;
  readonly #firstBatches = new FirstBatches();
  readonly #onEvent: ActorPoolRun["onEvent"];
  readonly #step: string;
  #wake: (() => void) | undefined;
  /** Nobody takes blocks any more: reading on, or waiting for room, would be for ever. */
  #stopped = false;
  #empty: Block | undefined;
  #columns: readonly string[] = [];

  constructor(stage: ActorPoolStage, around: ActorPoolRun, run: StageRun) {
    const { openPool, budgetBytes, expectedInput, onEvent, onProgress } = around;
    const { clock, record } = run;
    this.#stage = stage;
    this.#run = run;
    this.#onEvent = onEvent;
    this.#step = `predictor "${stage.spec.name}"`;
    this.#budget = new ByteBudget(budgetBytes, () => this.#changed());
    this.#recorder = record.pool = new PoolRecorder(clock);
    this.#pool = openPool({
      record: this.#recorder, onEvent, expectedInput,
      onChange: () => this.#changed(),
      onFailure: (error) => this.#window.fail(error),
      onTick: onProgress,
    });
    // Twice what the pool may have open: a block that takes long does not stop the others.
    this.#window = new ReorderWindow(stage.preserveOrder || isStateful(stage.spec), () => Math.max(8, 2 * this.#pool.capacity));
    record.progress = () => {
      const { busy, actors, loading, atOtherJobs = 0, reconnectMs } = this.#pool;
      return {
        queue: this.#window.size, ...(this.#recorder.isByWorkers && { byWorkers: true as const }),
        ...(reconnectMs === undefined ? { actorsBusy: busy, actors, actorsLoading: loading, ...(atOtherJobs > 0 && { actorsAtOtherJobs: atOtherJobs }) } : { reconnectMs }),
      };
    };
  }

  async *blocks(input: BlockStream): BlockStream {
    const { signal, stopInputs } = this.#run;
    const iterator = input[Symbol.asyncIterator]();
    let closing: Promise<void> | undefined;
    const stop = (): void => {
      this.#window.fail(signal.reason);
      closing ??= this.#pool.close();
    };
    if (signal.aborted) throw signal.reason;
    const release = onAbort(signal, stop);
    this.#pool.start();
    const reading = this.#read(iterator).catch((error: unknown) => this.#window.fail(error));
    let any = false;
    let done = false;
    try {
      for (;;) {
        const next = await this.#window.next();
        if (next === undefined) break;
        const block = await this.#finish(next.value);
        this.#changed();
        if (block.rows > 0) {
          any = true;
          yield block;
        }
        next.value.permit.release();
      }
      if (!any && this.#empty !== undefined) yield withColumns(this.#empty, this.#stage.spec);
      done = true;
    } finally {
      release();
      this.#stopped = true;
      this.#changed();
      stopInputs();
      // Where all is done the actors end while the output is finished: the run's host waits for them.
      closing ??= this.#pool.close();
      if (!done) await closing;
      await reading;
      await iterator.return?.();
      this.#recorder.peakHeldBytes = this.#budget.peak;
    }
  }

  /** Takes a block from the input whenever an actor, the window and the budget have room. */
  async #read(iterator: AsyncIterator<Block>): Promise<void> {
    const { clock, record, signal } = this.#run;
    for (;;) {
      while (!this.#stopped && (this.#pool.open >= this.#pool.capacity || !this.#window.hasRoom || !this.#budget.hasRoom)) {
        await orAborted(new Promise<void>((resolve) => (this.#wake = resolve)), signal);
      }
      if (this.#stopped) return;
      if (signal.aborted) throw signal.reason;
      const starving = this.#pool.open < Math.max(1, this.#pool.actors);
      const began = clock.now();
      const next = await iterator.next();
      if (starving) record.poolWaitMs += clock.now() - began;
      if (next.done) {
        this.#pool.endInput();
        return this.#window.end();
      }
      if (next.value.rows > 0) this.#submit(next.value);
      else this.#empty ??= next.value;
    }
  }

  #submit(given: Block): void {
    const { spec } = this.#stage;
    const onError = this.#run.errors.policyOf(this.#stage);
    const bytes = blockBytes(given);
    const permit = this.#budget.take(bytes);
    // Only what it reads travels.
    const sent = spec.kind === "declarative" ? selectColumns(given, spec.reads) : given;
    const outcome = this.#pool.submit(sent).then((result) => {
      permit.resize(bytes + blockBytes(result.block));
      for (const { row, error } of result.failures.slice(0, 1)) {
        this.#onEvent({ kind: "batch-failed", rows: result.failures.length, code: error.code, message: `row ${row} of a block: ${error.message}` });
      }
      // Where a failing row ends the run anyway, its own error says more.
      if (onError !== "fail") this.#firstBatches.check(this.#step, result);
      return { given, result, permit };
    });
    // What ends the run ends it now, not when its turn comes.
    outcome.catch((error: unknown) => this.#window.fail(error));
    this.#window.add(outcome);
  }

  async #finish({ given, result }: Outcome): Promise<Block> {
    const { spec } = this.#stage;
    const { errors, record } = this.#run;
    const onError = errors.policyOf(this.#stage);
    const failed = result.failures.map(({ row, error, attempts }) => ({ at: row, row: () => blockRowOf(given, row), error, attempts }));
    if (failed.length > 0) await errors.settle(this.#step, onError, failed, given, record);
    const block = finishRows(spec, given, result, onError === "null", this.#columns);
    if (result.block.rows > 0) this.#columns = Object.keys(result.block.columns);
    return block;
  }

  #changed(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

function withColumns(empty: Block, spec: PredictorSpec): Block {
  if (spec.kind === "module") return empty;
  return { ...empty, columns: { ...empty.columns, ...Object.fromEntries(spec.adds.map((name) => [name, missingColumn(0)])) } };
}
