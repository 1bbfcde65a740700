import {
  blockFromRows, columnValue, failureClass, ShoalError,
  type Actor, type ActorHost, type ActorRequest, type Block, type BlockResult, type Column, type Logger, type PredictorSpec,
} from "@shoal/core";
import { describe, expect, test, vi } from "vitest";
import { diesLater, double, exits, failsToSetUp, meets, neverLoads, spins, throws, throwsPlain, waits } from "./actor-host-predictors.ts";

const predictors = { diesLater, double, exits, failsToSetUp, meets, neverLoads, spins, throws, throwsPlain, waits };

/** What a host can't do, each with the reason, which the tests that are left out then give. */
export interface ActorHostGaps {
  /** End an actor that blocks its thread, at once. */
  readonly killsBusy?: string;
  /** Tell the code with which an actor ended itself. */
  readonly exits?: string;
  /** Survive and tell an error that nobody caught in an actor. */
  readonly lastWords?: string;
  /** Say how much memory an actor holds. */
  readonly memory?: string;
}

const lineage = [{ partition: "numbers", version: "1", firstRow: 10, rows: 3 }];
const numbers: Block = blockFromRows([{ n: 1 }, { n: 2.5 }, { n: 3 }], undefined, lineage);
const never = new AbortController().signal;

/**
 * What every actor host must do. The hosts under test are made with `plainStartActor`, which passes errors on as they are.
 * @param createHost With no ONNX runtimes; log lines go to the given logger.
 */
export function testActorHost(name: string, createHost: (log: Logger) => ActorHost, gaps: ActorHostGaps = {}): void {
  describe(`actor host ${name}`, () => {
    test("loads a predictor and runs blocks through it", async () => {
      await using fixture = createFixture(createHost);
      const actor = await fixture.spawn("double");
      expect(actor).toMatchObject({ id: "double#1", device: "cpu" });
      expect(actor.loadMs).toBeGreaterThan(0);
      const result = await actor.process(numbers, never);
      expect(values(result, "twice")).toEqual([2, 5, 6]);
      expect(result).toMatchObject({ block: { rows: 3, lineage }, counts: { numbers: 3 }, failures: [] });
      expect(fixture.lines).toContain("double#1: set up on cpu");
    });

    test("holds several actors, each under its own name", async () => {
      await using fixture = createFixture(createHost);
      const actors = await Promise.all([fixture.spawn("double"), fixture.spawn("double"), fixture.spawn("throws")]);
      expect(actors.map((actor) => actor.id)).toEqual(["double#1", "double#2", "throws#1"]);
      expect(values(await (actors[1] as Actor).process(numbers, never), "twice")).toEqual([2, 5, 6]);
    });

    test("lets two blocks be open at once", async () => {
      await using fixture = createFixture(createHost);
      const actor = await fixture.spawn("meets");
      const results = await Promise.all([actor.process(numbers, never), actor.process(numbers, never)]);
      expect(results.map((result) => values(result, "n"))).toEqual([[1, 2.5, 3], [1, 2.5, 3]]);
    });

    test("carries errors whole: class, code, hint, details, causes", async () => {
      await using fixture = createFixture(createHost);
      const error = await rejection((await fixture.spawn("throws")).process(numbers, never));
      expect(error).toBeInstanceOf(ShoalError);
      expect(error).toMatchObject({
        code: "too-odd", failure: "bug", hint: "Give it eight.", details: { value: 7 },
        cause: { message: "seven", cause: { message: "prime" } },
      });
      const plain = await rejection((await fixture.spawn("throwsPlain")).process(numbers, never));
      expect(plain).toMatchObject({ code: "ERR_NATIVE", message: "CUDA error: out of memory" });
      expect(failureClass(plain)).toBe("oom");
      expect(plain.stack).toContain("actor-host-predictors");
    });

    test("goes on after a failed block", async () => {
      await using fixture = createFixture(createHost);
      const actor = await fixture.spawn("throws");
      await rejection(actor.process(numbers, never));
      expect((await rejection(actor.process(numbers, never))).code).toBe("too-odd");
    });

    test("rejects a spawn with what setup threw", async () => {
      await using fixture = createFixture(createHost);
      expect(await rejection(fixture.spawn("failsToSetUp"))).toMatchObject({ code: "model-not-found", hint: "Fetch it." });
    });

    test("rejects a spawn whose predictor cannot be found", async () => {
      await using fixture = createFixture(createHost);
      const spec = { ...predictors.double.spec, export: "nothing" } as PredictorSpec;
      expect((await rejection(fixture.host.spawn(request(spec), never))).code).toBe("predictor-not-importable");
    });

    test("gives up a spawn when its signal says so", async () => {
      await using fixture = createFixture(createHost);
      const abort = new AbortController();
      const spawned = fixture.host.spawn(request(predictors.neverLoads.spec), abort.signal);
      abort.abort(new ShoalError("aborted", "Enough."));
      expect((await rejection(spawned)).message).toBe("Enough.");
    });

    test("answers an aborted call at once, and stays usable", async () => {
      await using fixture = createFixture(createHost);
      const actor = await fixture.spawn("waits");
      const abort = new AbortController();
      const waiting = actor.process(numbers, abort.signal);
      await vi.waitUntil(() => actor.progress.phase === "predict");
      abort.abort(new ShoalError("aborted", "Enough."));
      expect((await rejection(waiting)).message).toBe("Enough.");
      const next = await actor.process(blockFromRows([{ n: 0 }]), never);
      expect(values(next, "n")).toEqual([0]);
    });

    test("ends orderly, once, and says so", async () => {
      await using fixture = createFixture(createHost);
      const actor = await fixture.spawn("waits");
      const open = rejection(actor.process(numbers, never));
      await vi.waitUntil(() => actor.progress.phase === "predict");
      await Promise.all([actor[Symbol.asyncDispose](), actor[Symbol.asyncDispose]()]);
      await actor[Symbol.asyncDispose]();
      expect((await actor.closed).code).toBe("disposed");
      expect(["aborted", "worker-lost"]).toContain((await open).failure);
      expect((await rejection(actor.process(numbers, never))).failure).toBe("worker-lost");
    });

    test("ends at once when killed, and rejects what was open", async () => {
      await using fixture = createFixture(createHost);
      const actor = await fixture.spawn("waits");
      const open = rejection(actor.process(numbers, never));
      await actor.kill("no progress for a minute");
      expect(await open).toMatchObject({ code: "worker-lost", failure: "worker-lost", message: expect.stringMatching(/waits#1 was killed while it had 3 rows: no progress for a minute/) as string });
      expect(await actor.closed).toMatchObject({ code: "killed", detail: expect.stringContaining("no progress for a minute") as string });
      await actor.kill("again");
    });

    test("disposing the host ends its actors, those being loaded too", async () => {
      const fixture = createFixture(createHost);
      const actor = await fixture.spawn("double");
      const loading = rejection(fixture.spawn("neverLoads"));
      await fixture.host[Symbol.asyncDispose]();
      expect((await actor.closed).code).toBe("disposed");
      expect((await loading).code).toBe("aborted");
      expect((await rejection(fixture.spawn("double"))).code).toBe("aborted");
    });

    test("notices a crash at once, with the exit code", async ({ skip }) => {
      skip(gaps.exits !== undefined, gaps.exits);
      await using fixture = createFixture(createHost);
      const actor = await fixture.spawn("exits");
      const error = await rejection(actor.process(numbers, never));
      expect(error).toMatchObject({ code: "worker-lost", failure: "worker-lost", details: { actor: "exits#1", code: "crashed" } });
      expect(await actor.closed).toEqual({ code: "crashed", detail: "exit code 134" });
      expect((await rejection(actor.process(numbers, never))).failure).toBe("worker-lost");
    });

    test("passes on the last words of an actor that an uncaught error ends, and goes on with another", async ({ skip }) => {
      skip(gaps.lastWords !== undefined, gaps.lastWords);
      await using fixture = createFixture(createHost);
      const error = await rejection((await fixture.spawn("diesLater")).process(numbers, never));
      expect(error).toMatchObject({ failure: "worker-lost", cause: { message: "nobody catches this" } });
      expect(values(await (await fixture.spawn("double")).process(numbers, never), "twice")).toEqual([2, 5, 6]);
    });

    test("shows the rows in work while a predictor blocks its thread, kills it, and goes on with another", async ({ skip }) => {
      skip(gaps.killsBusy !== undefined, gaps.killsBusy);
      await using fixture = createFixture(createHost);
      const actor = await fixture.spawn("spins");
      const open = rejection(actor.process(numbers, never));
      await vi.waitUntil(() => actor.progress.phase === "predict");
      expect(actor.progress.rows).toEqual([0, 2]);
      await actor.kill("stuck");
      expect((await open).failure).toBe("worker-lost");
      expect(values(await (await fixture.spawn("double")).process(numbers, never), "twice")).toEqual([2, 5, 6]);
    });

    test("says how much memory an actor holds", async ({ skip }) => {
      skip(gaps.memory !== undefined, gaps.memory);
      await using fixture = createFixture(createHost);
      const { memoryBytes } = await (await fixture.spawn("double")).process(numbers, never);
      expect(memoryBytes).toBeGreaterThan(10e6);
    });
  });
}

type PredictorName = keyof typeof predictors;

function createFixture(createHost: (log: Logger) => ActorHost) {
  const lines: string[] = [];
  const write = (message: string): void => void lines.push(message);
  const host = createHost({ debug: write, info: write, warn: write });
  return {
    host, lines,
    spawn: (name: PredictorName): Promise<Actor> => host.spawn(request(predictors[name].spec), never),
    [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
  };
}

function request(spec: PredictorSpec): ActorRequest {
  return { spec, policy: { batchSize: "auto", maxBatchRows: 64, collapse: false, bisect: true }, device: "auto", deviceIndex: 0, threads: 1 };
}

function values(result: BlockResult, name: string): unknown[] {
  const column = result.block.columns[name] as Column;
  return Array.from({ length: column.length }, (_, row) => columnValue(column, row));
}

async function rejection(promise: Promise<unknown>): Promise<ShoalError> {
  const outcome = await promise.then((value) => ({ value }), (error: unknown) => ({ error }));
  if (!("error" in outcome)) throw new Error("It was expected to reject.");
  return outcome.error as ShoalError;
}
