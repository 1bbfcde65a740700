import { ShoalError, type ModulePredictorSpec } from "@shoal/core";
import { execute, runToSink, type RunEvent } from "@shoal/executor";
import { memorySink } from "@shoal/testing";
import { describe, expect, test } from "vitest";
import { idsOf, numbered, poolOf, recutOf, rowsOf, scanOf, world } from "./plans.ts";

const thrown = (promise: Promise<unknown>): Promise<ShoalError> => promise.then(() => { throw new Error("it did not throw"); }, (error: unknown) => ShoalError.from(error));
const module = (change: Partial<ModulePredictorSpec>): ModulePredictorSpec => ({ kind: "module", name: "own", module: "file:///own.ts", export: "own", args: null, batchFormat: "columns", rows: "same", stateful: false, phases: ["predict"], ...change });

describe("rows that fail", () => {
  const badAt = (...ids: number[]) => ({ bad: (id: unknown) => ids.includes(id as number) });

  test("end the run with predictor, row, place and reason", async () => {
    const { environment, host } = world({}, badAt(70, 200));
    const error = await thrown(rowsOf(execute(poolOf(recutOf(scanOf(numbered(500)))), environment)));
    expect(error.message).toMatch(/predictor "double" failed at counted-0, row 71, \{"id":70,"text":"row 70"\}: a bad row/);
    expect(error.message).toContain("onError");
    expect(host.alive).toBe(0);
  });

  test("go to the sink as dead letters, and the others are published", async () => {
    const { environment } = world({ onError: "deadLetter" }, badAt(70, 200));
    const sink = memorySink();
    const { result, stats } = await runToSink(poolOf(recutOf(scanOf(numbered(500)))), sink, environment);
    expect(sink.rows).toHaveLength(498);
    expect(sink.deadLetters).toMatchObject([
      { row: { id: 70, text: "row 70" }, step: `predictor "double"`, source: "counted-0, row 71", error: { message: "a bad row", failure: "row" } },
      { row: { id: 200 } },
    ]);
    expect([result.deadLetters, stats.deadLettered]).toEqual(["memory/dead-letters", 2]);
  });

  test("stay with null where that was asked", async () => {
    const { environment } = world({ onError: "null" }, badAt(3));
    const rows = await rowsOf(execute(poolOf(recutOf(scanOf(numbered(5)))), environment));
    expect(rows[3]).toEqual({ id: 3, text: "row 3", doubled: null });
    expect(rows[4]).toEqual({ id: 4, text: "row 4", doubled: 8 });
  });

  test("of a predictor that replaces rows keep what they had", async () => {
    const whole = world({ onError: "null" }, badAt(3), { predict: async (batch) => ({ ...batch, columns: { ...batch.columns, seen: batch.columns["id"] as never } }) });
    const rows = await rowsOf(execute(poolOf(recutOf(scanOf(numbered(5))), { spec: module({}) }), whole.environment));
    expect(rows[3]).toEqual({ id: 3, text: "row 3", seen: null });
  });

  test("keep what they had where every row of the first block failed, too", async () => {
    const { environment } = world({ onError: "null" }, { bad: (id) => (id as number) < 2 }, { predict: async (batch) => ({ ...batch, columns: { seen: batch.columns["id"] as never } }) });
    const rows = await rowsOf(execute(poolOf(scanOf(numbered(4, 2)), { spec: module({}) }), environment));
    expect(rows).toEqual([{ id: 0, text: "row 0" }, { id: 1, text: "row 1" }, { seen: 2 }, { seen: 3 }]);
  });

  test("can't be nulled where row counts may change", () => {
    const { environment } = world({ onError: "null" });
    expect(() => execute(poolOf(scanOf(numbered(5)), { spec: module({ rows: "any" }) }), environment)).toThrow(/null.*"own"/);
  });

  test("may be so many and not more", async () => {
    const { environment } = world({ onError: "skip", maxErrors: 9 }, { bad: (id) => (id as number) % 50 === 0 });
    expect(await thrown(rowsOf(execute(poolOf(recutOf(scanOf(numbered(5000)))), environment)))).toMatchObject({ code: "too-many-errors" });
    const enough = world({ onError: "skip", maxErrors: 100 }, { bad: (id) => (id as number) % 50 === 0 });
    expect(await rowsOf(execute(poolOf(recutOf(scanOf(numbered(5000)))), enough.environment))).toHaveLength(4900);
  });

  test("stop the run when the first three batches fail whole, whatever onError says", async () => {
    const { environment, seen } = world({ onError: "skip" }, { bad: () => true });
    const source = numbered(100_000);
    const error = await thrown(rowsOf(execute(poolOf(recutOf(scanOf(source))), environment)));
    expect(error).toMatchObject({ code: "first-batches-failed" });
    expect(error.message).toContain("a bad row");
    expect(source.rowsRead).toBeLessThan(3000);
    expect(seen).toEqual([]);
  });

  test.each([["skip", [], "they were left out"], ["null", [0, 1], "they have null"]] as const)("are told of where each one failed, in fewer batches than end a run: %s", async (onError, kept, fate) => {
    const { environment } = world({ onError }, { bad: () => true });
    const execution = execute(poolOf(recutOf(scanOf(numbered(2)))), environment);
    expect((await rowsOf(execution)).map((row) => row["id"])).toEqual(kept);
    expect(execution.stats().notices).toEqual([expect.stringMatching(new RegExp(`double.*: every row failed \\(2 of 2\\); ${fate}`))]);
    const some = world({ onError }, badAt(1));
    const others = execute(poolOf(recutOf(scanOf(numbered(2)))), some.environment);
    await rowsOf(others);
    expect(others.stats().notices).toEqual([]);
  });

  test("count as a batch where counts may change", async () => {
    const { environment } = world({ onError: "skip" }, badAt(40), { rows: "any", predict: async (batch) => ({ ...batch, rows: 0, columns: {} }) });
    const execution = execute(poolOf(recutOf(scanOf(numbered(100)), 10), { spec: module({ rows: "any" }), policy: { batchSize: 10 } }), environment);
    expect(await rowsOf(execution)).toEqual([]);
    expect(execution.stats().stages.at(-1)).toMatchObject({ rowsIn: 100, rowsOut: 0, skipped: 10 });
  });
});

describe("actors that are lost", () => {
  const events = (all: readonly RunEvent[], kind: RunEvent["kind"]): RunEvent[] => all.filter((event) => event.kind === kind);

  test("are replaced, and their blocks done by others", async () => {
    const { environment, host, events: all } = world({}, { batchMs: () => 100 });
    const blocks = execute(poolOf(recutOf(scanOf(numbered(1000)))), environment);
    let killed = 0;
    const ids: unknown[] = [];
    for await (const block of blocks) {
      ids.push(...(block.columns["id"]?.values as Float64Array));
      if (killed++ < 3) host.actors[0]?.crash("SIGKILL");
    }
    expect(ids).toEqual(Array.from({ length: 1000 }, (_, id) => id));
    expect(host.crashed).toBe(3);
    expect(events(all, "actor-lost")[0]).toMatchObject({ name: "double", reason: expect.stringContaining("SIGKILL") as string });
    expect(blocks.stats().stages.at(-1)?.pool?.lostActors).toBe(3);
  });

  test("by a row that kills them are told from the row's neighbours", async () => {
    const { environment, host } = world({ onError: "deadLetter" }, { deadly: (id) => id === 77 });
    const sink = memorySink();
    await runToSink(poolOf(recutOf(scanOf(numbered(200)))), sink, environment);
    expect(sink.rows).toHaveLength(199);
    expect(sink.deadLetters).toMatchObject([{ row: { id: 77 }, error: { code: "worker-lost", failure: "worker-lost" } }]);
    expect(sink.deadLetters[0]?.attempts).toBeLessThanOrEqual(4);
    expect(host.crashed).toBeLessThanOrEqual(4);
    expect(host.alive).toBe(0);
  });

  test("hang over a row: its time limit ends it, and nothing else is blamed", async () => {
    const { environment, host, clock } = world({ onError: "skip" }, { hangs: (id) => id === 77 });
    const execution = execute(poolOf(recutOf(scanOf(numbered(200))), { timeoutMs: 1000 }), environment);
    expect((await rowsOf(execution)).map((row) => row["id"])).toEqual(Array.from({ length: 200 }, (_, id) => id).filter((id) => id !== 77));
    expect(host.killed).toBeGreaterThan(0);
    expect(clock.now()).toBeLessThan(20_000);
  });

  test("are not blamed for time in which this machine slept", async () => {
    let slept = 0;
    const asleep = new Set([20, 60]);
    const { environment, host, clock, events: all } = world({ onError: "skip" }, {}, {
      predict: async (batch) => {
        await clock.sleep(700);
        if (asleep.delete(idsOf(batch)[0] as number)) slept += 12_000;
        await clock.sleep(700);
        return { ...batch, columns: { doubled: batch.columns["id"] as never } };
      },
    });
    const execution = execute(poolOf(recutOf(scanOf(numbered(100)), 1), { timeoutMs: 3000, minActors: 1, maxActors: 1, policy: { batchSize: 1 } }), { ...environment, clock: { now: () => clock.now() + slept, sleep: (ms, signal) => clock.sleep(ms, signal) } });
    expect(await rowsOf(execution)).toHaveLength(100);
    expect([slept, host.killed, events(all, "actor-lost")]).toEqual([24_000, 0, []]);
  });

  test("hang without a time limit: a notice names actor and rows", async () => {
    const { environment, clock } = world({}, { hangs: (id) => id === 5 });
    const controller = new AbortController();
    const execution = execute(poolOf(recutOf(scanOf(numbered(20)))), { ...environment, signal: controller.signal, onEvent: (event) => event.kind === "notice" && controller.abort(new Error("noticed")) });
    await expect(rowsOf(execution)).rejects.toThrow("noticed");
    expect(execution.stats().notices).toEqual([expect.stringMatching(/double: double#\d has made no progress for 6\d s \(predict, rows 0–7 of its block\)/)]);
    expect(clock.now()).toBeLessThan(70_000);
  });

  test("for ever end the run", async () => {
    const { environment, host } = world({ onError: "skip" }, { deadly: () => true });
    const error = await thrown(rowsOf(execute(poolOf(recutOf(scanOf(numbered(2000)))), environment)));
    expect(error).toMatchObject({ code: "actors-keep-dying", message: expect.stringMatching(/the last over rows? \d+.* of a block \(from .*\): .*exit code 134/) as string });
    expect(host.spawned).toBeLessThan(14);
  });

  test("are recycled on purpose after so many batches", async () => {
    const { environment, host, seen } = world({}, { batchMs: () => 10 });
    await rowsOf(execute(poolOf(recutOf(scanOf(numbered(400)), 10, 10, 10), { minActors: 1, maxActors: 1, recycleAfterBatches: 10, policy: { batchSize: 10 } }), environment));
    expect(seen).toHaveLength(40);
    expect(host.spawned).toBeGreaterThanOrEqual(4);
    expect(host).toMatchObject({ peakAlive: 1, killed: 0 });
  });

  test("with state in them can't be replaced", async () => {
    const traits = { stateful: true };
    const plan = poolOf(recutOf(scanOf(numbered(400)), 10, 10, 10), { spec: module({ stateful: true }), minActors: 4, maxActors: 4, policy: { batchSize: 10, bisect: false } });
    const whole = world({}, { batchMs: () => 10 }, traits);
    await rowsOf(execute(plan, whole.environment));
    expect(whole.seen.map((batch) => batch.ids[0])).toEqual(Array.from({ length: 40 }, (_, batch) => 10 * batch));
    expect(whole.host.spawned).toBe(1);
    const dying = world({}, { batchMs: () => 10, deadly: (id) => id === 200 }, traits);
    expect((await thrown(rowsOf(execute(plan, dying.environment)))).message).toContain("its state with it");
  });
});
