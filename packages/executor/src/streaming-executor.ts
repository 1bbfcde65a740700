import { assertNotInsideActor, ShoalError, systemClock, type Block, type Clock } from "@shoal/core";
import { mayChangeRows, physicalInputsOf, type ActorPoolStage, type PhysicalOperator } from "@shoal/planner";
import { budgetOf, type Environment } from "./environment.ts";
import { RowErrors } from "./errors/row-errors.ts";
import { buildOperators, poolsOf } from "./operators/build-operators.ts";
import type { OpenPool } from "./pool/block-pool.ts";
import { fitActors, type PoolFit } from "./pool/fit-actors.ts";
import { openActorPool } from "./pool/open-actor-pool.ts";
import { allFailed } from "./stats/all-failed.ts";
import { assertConserved, keepsCount } from "./stats/conservation.ts";
import { keepsRows } from "./stats/count-rows.ts";
import { RunProgress } from "./stats/run-progress.ts";
import { withVariant } from "./device/measure-devices.ts";
import { tellRowsPassed } from "./resume/rows-passed.ts";
import type { StageDevice } from "./resume/run-ledger.ts";
import type { RunTracking } from "./resume/run-tracking.ts";
import type { RunEvent, StageProgress } from "./stats/run-event.ts";
import type { RunStats } from "./stats/run-stats.ts";
import { nameBottleneck } from "./stats/bottleneck.ts";
import type { StageRecorder } from "./stats/stage-recorder.ts";
import { childController } from "./streams/abort.ts";

const keptNotices = 100;

/** One run of a plan: a stream of blocks that can be consumed once. Returning early ends everything, actors included. */
export interface Execution extends AsyncIterable<Block> {
  /** The first block will be asked for: actors that will surely be needed can begin to start. */
  prepare(): void;
  /** What was done so far, or in all. */
  stats(): RunStats;
  /** Where every stage stands. */
  progress(): readonly StageProgress[];
}

/**
 * Runs a physical plan on this machine. Nothing is read, and no actor started, before the first block is asked for.
 * @param tracking for a run that can be resumed: it is followed, and begins where that says; asked for when the first block is asked for
 * @throws at once: `resources-do-not-fit`, `null-with-any-rows`, `job-in-actor`
 */
export function execute(plan: PhysicalOperator, environment: Environment, tracking: () => RunTracking | undefined = () => undefined): Execution {
  assertNotInsideActor();
  assertNullable(plan, environment);
  assertPlaceForDeadLetters(plan, environment);
  const remote = environment.remote?.(plan) ?? new Map<ActorPoolStage, OpenPool>();
  const local = poolsOf(plan).filter((pool) => !remote.has(pool));
  const fitted = fitActors(local.map((pool) => ({ ...pool, name: pool.spec.name })), environment.resources);
  return new StreamingExecutor(plan, environment, remote, new Map(local.map((pool, at) => [pool, fitted[at] as PoolFit])), tracking);
}

class StreamingExecutor implements Execution {
  readonly #plan: PhysicalOperator;
  readonly #environment: Environment;
  readonly #clock: Clock;
  readonly #remote: ReadonlyMap<ActorPoolStage, OpenPool>;
  readonly #fits: ReadonlyMap<ActorPoolStage, PoolFit>;
  readonly #followed: () => RunTracking | undefined;
  readonly #records: StageRecorder[] = [];
  readonly #notices: string[] = [];
  readonly #progress: RunProgress;
  #startedAt: number | undefined;
  #endedAt: number | undefined;
  #firstRowAt: number | undefined;
  #consumerMs = 0;

  constructor(plan: PhysicalOperator, environment: Environment, remote: ReadonlyMap<ActorPoolStage, OpenPool>, fits: ReadonlyMap<ActorPoolStage, PoolFit>, tracking: () => RunTracking | undefined) {
    this.#plan = plan;
    this.#environment = environment;
    this.#clock = environment.clock ?? systemClock;
    this.#remote = remote;
    this.#fits = fits;
    this.#followed = tracking;
    this.#progress = new RunProgress(this.#records, this.#clock, (event) => this.#emit(event));
  }

  [Symbol.asyncIterator](): AsyncIterator<Block> {
    if (this.#startedAt !== undefined) {
      throw new ShoalError("already-consumed", "This run was consumed before.", { failure: "bug", hint: "Execute the plan again; a run is one pass over it." });
    }
    this.#startedAt = this.#clock.now();
    const { controller, release } = childController(this.#environment.signal ?? new AbortController().signal);
    const blocks = this.#build(controller.signal)[Symbol.asyncIterator]();
    let handedOutAt: number | undefined;
    let over = false;
    const finish = (error?: unknown): void => {
      if (over) return;
      over = true;
      this.#endedAt = this.#clock.now();
      release();
      this.#finished(error);
    };
    const next = async (): Promise<IteratorResult<Block>> => {
      if (over) return { done: true, value: undefined };
      if (handedOutAt !== undefined) this.#consumerMs += this.#clock.now() - handedOutAt;
      try {
        if (controller.signal.aborted) throw controller.signal.reason;
        const result = await blocks.next();
        if (result.done) {
          // The consumer may have left while this was pending.
          if (!over) {
            this.#assertConserved();
            for (const notice of this.#records.map(allFailed)) if (notice !== undefined) this.#notice(notice);
          }
          finish();
          return { done: true, value: undefined };
        }
        handedOutAt = this.#clock.now();
        if (result.value.rows > 0) this.#firstRowAt ??= handedOutAt;
        return result;
      } catch (error) {
        if (over) return { done: true, value: undefined };
        controller.abort(error);
        await Promise.resolve(blocks.return?.()).catch(() => {});
        finish(error);
        throw error;
      }
    };
    const end = async (): Promise<IteratorResult<Block>> => {
      finish();
      controller.abort(new ShoalError("aborted", "The consumer of the rows left early.", { failure: "aborted" }));
      // A pending next() rejects by the signal; whoever waits for it gets the end of the stream.
      await Promise.resolve(blocks.return?.()).catch(() => {});
      return { done: true, value: undefined };
    };
    return { next, return: end };
  }

  prepare(): void {
    const { host } = this.#environment;
    for (const [{ spec }, { minActors }] of this.#fits) host.prepare?.(spec, minActors);
  }

  #build(signal: AbortSignal): AsyncIterable<Block> {
    const environment = this.#environment;
    const { host, devices, resources: { gpus } } = environment;
    const tracking = this.#followed();
    const localPool = (stage: ActorPoolStage, at: number): OpenPool => (run) =>
      openActorPool(onDevice(stage, tracking?.deviceOf(at)), { host, devices, gpus, fit: this.#fits.get(stage) as PoolFit, clock: this.#clock, onDevice: (chosen) => tracking?.chose(at, chosen) }, run);
    const share = budgetOf(environment) / Math.max(1, this.#fits.size + this.#remote.size);
    const errors = new RowErrors(environment.onError, environment.maxErrors, environment.deadLetters, tracking?.failed, (block, row, letter) => tracking?.failure(block, row, letter));
    const { stream } = buildOperators(this.#plan, signal, {
      clock: this.#clock, errors, records: this.#records, tracking,
      onProgress: () => this.#progress.moved(),
      poolRun: (stage, record) => ({
        openPool: this.#remote.get(stage) ?? localPool(stage, record.stage),
        budgetBytes: share,
        expectedInput: () => this.#progress.expectedInto(record),
        onProgress: () => this.#progress.moved(),
        onEvent: (event) => (event.kind === "notice" ? this.#notice(event.message) : this.#emit({ ...event, stage: record.stage, name: record.name })),
      }),
    }, environment.written);
    // Records and plan nodes stand in the same order: inputs first.
    for (const [at, operator] of inOrder(this.#plan).entries()) (this.#records[at] as StageRecorder).keepsRows = keepsRows(operator);
    if (tracking !== undefined) tellRowsPassed(this.#records, tracking);
    this.#emit({ kind: "run-started", stages: this.#records.map(({ stage, name, kind }) => ({ stage, name, kind })) });
    for (const notice of environment.notices ?? []) this.#notice(notice);
    for (const { notice } of this.#fits.values()) if (notice !== undefined) this.#notice(notice);
    void this.#progress.countRows(this.#plan, signal, tracking?.readBefore);
    return stream;
  }

  #notice(message: string): void {
    // A fleet's news go on for as long as its run: the report keeps the first of them.
    if (this.#notices.length < keptNotices) this.#notices.push(message);
    this.#emit({ kind: "notice", message });
    this.#environment.log?.info(message);
  }

  #emit(event: RunEvent): void {
    try {
      this.#environment.onEvent?.(event);
    } catch (error) {
      // Whoever watches a run can't end it by stumbling.
      this.#environment.log?.warn(`onEvent threw: ${ShoalError.from(error).message}`);
    }
  }

  #assertConserved(): void {
    for (const [at, operator] of inOrder(this.#plan).entries()) if (keepsCount(operator)) assertConserved(this.#records[at] as StageRecorder);
  }

  #finished(error: unknown): void {
    this.#progress.last();
    const stats = this.stats();
    if (error === undefined) return this.#emit({ kind: "run-finished", stats });
    const { code, message } = ShoalError.from(error).toData();
    this.#emit({ kind: "run-failed", code, message, stats });
  }

  progress(): readonly StageProgress[] {
    return this.#progress.stages();
  }

  stats(): RunStats {
    const now = this.#endedAt ?? this.#clock.now();
    const wallMs = this.#startedAt === undefined ? 0 : now - this.#startedAt;
    const stages = this.#records.map((record) => record.stats());
    const rowsOut = stages.at(-1)?.rowsOut ?? 0;
    const rowsBefore = this.#records.at(-1)?.rowsGiven ?? 0;
    const sum = (value: (stage: (typeof stages)[number]) => number): number => stages.reduce((total, stage) => total + value(stage), 0);
    return {
      wallMs, rowsOut, stages,
      ...(rowsBefore > 0 && { rowsBefore }),
      rowsPerSecond: wallMs > 0 ? (1000 * rowsOut) / wallMs : 0,
      ...(this.#firstRowAt === undefined || this.#startedAt === undefined ? {} : { firstRowMs: this.#firstRowAt - this.#startedAt }),
      consumerMs: this.#consumerMs,
      failedRows: sum((stage) => stage.skipped + stage.nulled + stage.deadLettered),
      deadLettered: sum((stage) => stage.deadLettered),
      notices: [...this.#notices],
      bottleneck: nameBottleneck(stages, wallMs, this.#consumerMs, this.#environment.mayJoin),
    };
  }
}

/** The stage with the device that it had before: what was chosen once is not chosen again. */
function onDevice(stage: ActorPoolStage, chosen: StageDevice | undefined): ActorPoolStage {
  if (chosen === undefined) return stage;
  if (stage.spec.kind === "module") return { ...stage, device: chosen.device };
  const { variants: _tried, ...spec } = stage.spec;
  return { ...stage, device: chosen.device, spec: withVariant(spec, chosen.variant) };
}

function inOrder(plan: PhysicalOperator): PhysicalOperator[] {
  return [...physicalInputsOf(plan).flatMap(inOrder), plan];
}

/** @throws `null-with-any-rows`: where a step may change row counts, there is no row to put null into. */
function assertNullable(plan: PhysicalOperator, environment: Environment): void {
  for (const operator of inOrder(plan)) {
    for (const step of stepsThatChangeCounts(operator)) {
      if ((step.onError ?? environment.onError) !== "null") continue;
      throw new ShoalError("null-with-any-rows", `onError: "null" does not go with ${step.name}, which may give more or fewer rows than it got.`, {
        failure: "bug",
        hint: `Choose "fail", "skip" or "deadLetter" for this step.`,
      });
    }
  }
}

/** Without a place for them, dead letters would vanish without a word. */
function assertPlaceForDeadLetters(plan: PhysicalOperator, environment: Environment): void {
  if (environment.deadLetters !== undefined) return;
  const wants = (step: { readonly onError?: Environment["onError"] | undefined }): boolean => (step.onError ?? environment.onError) === "deadLetter";
  for (const operator of inOrder(plan)) {
    const named = operator.kind === "row-functions" ? operator.steps.some(wants) : (operator.kind === "actor-pool" || operator.kind === "batch-function") && wants(operator);
    if (!named) continue;
    throw new ShoalError("no-place-for-dead-letters", 'A step says onError: "deadLetter", and this run has no place to keep the rows that fail.', {
      failure: "bug",
      hint: 'Write to a file or a folder, which keeps them beside it, or name a file for them: { deadLetters: "failed.jsonl" }.',
    });
  }
}

function stepsThatChangeCounts(operator: PhysicalOperator): readonly { readonly name: string; readonly onError?: Environment["onError"] | undefined }[] {
  if (operator.kind === "row-functions") return operator.steps.filter((step) => step.kind === "flat-map").map((step) => ({ name: `flatMap(${step.step.name})`, onError: step.onError }));
  if (operator.kind === "batch-function") return [{ name: `mapBatches(${operator.step.name})`, onError: operator.onError }];
  if (operator.kind === "actor-pool" && mayChangeRows(operator.spec)) return [{ name: `predictor "${operator.spec.name}"`, onError: operator.onError }];
  return [];
}
