import assert from "node:assert/strict";
import { blockBytes, ShoalError, type Row } from "@shoal/core";
import { execute, formatStats, runToSink } from "@shoal/executor";
import type { PhysicalOperator } from "@shoal/planner";
import { FakeActorHost, memorySink, rest, seededRandom } from "@shoal/testing";
import { describe, expect, test } from "vitest";
import { doubling, numbered, poolOf, recutOf, rowsOf, scanOf, world } from "./plans.ts";

const seeds = Number(process.env["SHOAL_SEEDS"] ?? 200);
const thrown = (promise: Promise<unknown>): Promise<ShoalError> => promise.then(() => { throw new Error("it did not throw"); }, (error: unknown) => ShoalError.from(error));

describe("a run without faults", () => {
  test("gives every row once, in order, with what was predicted beside it", async () => {
    const { environment, host, seen } = world();
    const execution = execute(poolOf(recutOf(scanOf(numbered(1000)))), environment);
    const rows = await rowsOf(execution);
    expect(rows).toEqual(Array.from({ length: 1000 }, (_, id) => ({ id, text: `row ${id}`, doubled: 2 * id })));
    expect(seen.flatMap((batch) => batch.ids).toSorted((a, b) => a - b)).toEqual(rows.map((row) => row["id"]));
    expect(host).toMatchObject({ alive: 0, disposed: 2, killed: 0 });
  });

  test(`cuts exact batches: only the last of the dataset is shorter, over ${seeds} seeds`, async () => {
    for (let seed = 0; seed < seeds; seed++) {
      const random = seededRandom(seed);
      const [count, size] = [random.between(1, 300), random.between(1, 40)];
      const { environment, seen } = world({}, { batchMs: (rows) => rows * random.between(1, 9) });
      const actors = random.between(1, 4);
      const plan = poolOf(recutOf(scanOf(numbered(count, random.between(1, 200))), size, random.between(1, 64), random.between(1, 200)), {
        minActors: 1, maxActors: actors, policy: { batchSize: size }, preserveOrder: random.chance(0.5),
      });
      const rows = await rowsOf(execute(plan, environment));
      assert.equal(new Set(rows.map((row) => row["id"])).size, count, `seed ${seed}`);
      const batches = seen.map((batch) => batch.ids).toSorted((a, b) => (a[0] as number) - (b[0] as number));
      assert.deepEqual(batches.flat(), Array.from({ length: count }, (_, id) => id), `seed ${seed}`);
      assert.deepEqual(batches.map((ids) => ids.length), Array.from({ length: Math.ceil(count / size) }, (_, at) => Math.min(size, count - at * size)), `seed ${seed}`);
    }
  }, 60_000);

  test("lets blocks pass one another only when order is given up", async () => {
    const slowFirst = (): ReturnType<typeof world> => {
      let batches = 0;
      return world({}, { batchMs: () => (batches++ === 0 ? 1000 : 1) });
    };
    const plan = (preserveOrder: boolean) => poolOf(recutOf(scanOf(numbered(320, 32)), 32, 32, 32), { preserveOrder, policy: { batchSize: 32 } });
    const ids = async (preserveOrder: boolean): Promise<unknown[]> => (await rowsOf(execute(plan(preserveOrder), slowFirst().environment))).map((row) => row["id"]);
    const inOrder = Array.from({ length: 320 }, (_, id) => id);
    expect(await ids(true)).toEqual(inOrder);
    const asTheyCame = await ids(false);
    expect(asTheyCame).not.toEqual(inOrder);
    expect(new Set(asTheyCame).size).toBe(320);
  });

  test("gives each of several actors some of the work", async () => {
    const { environment, seen } = world({}, { batchMs: () => 10 });
    await rowsOf(execute(poolOf(recutOf(scanOf(numbered(640, 64)), 1, 64, 64), { minActors: 4, maxActors: 4 }), environment));
    expect(new Set(seen.map((batch) => batch.actor)).size).toBe(4);
  });

  test("runs twenty actors without a warning of leaking listeners", async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on("warning", listen);
    const { environment, host } = world({ resources: { cpus: 20, gpus: 0, memory: 2 ** 30 } }, { batchMs: () => 10 });
    const union: PhysicalOperator = { kind: "union", inputs: Array.from({ length: 15 }, () => scanOf(numbered(200, 20))) };
    expect(await rowsOf(execute(poolOf(union, { minActors: 20, maxActors: 20, policy: { batchSize: 20 } }), environment))).toHaveLength(3000);
    expect(host.spawned).toBe(20);
    await rest();
    process.off("warning", listen);
    expect(warnings).toEqual([]);
  });

  test("runs two pools one after the other without waiting for each other's CPU", async () => {
    const { environment, host } = world({ resources: { cpus: 2, gpus: 0, memory: 2 ** 30 } });
    const first = poolOf(recutOf(scanOf(numbered(500))), { minActors: 2, maxActors: 2, numCpus: 2 });
    const second = poolOf(first, { minActors: 2, maxActors: 2, numCpus: 2 });
    const execution = execute(second, environment);
    expect(await rowsOf(execution)).toHaveLength(500);
    expect(host).toMatchObject({ alive: 0, peakAlive: 2 });
    expect(execution.stats().notices).toEqual(["double: 1 of 2 actors fit: 2 CPUs.", "double: 1 of 2 actors fit: 2 CPUs."]);
  });

  test("reports what it did", async () => {
    const { environment, events } = world({}, { batchMs: () => 100 });
    const execution = execute(poolOf(recutOf(scanOf(numbered(1000)))), environment);
    await rowsOf(execution);
    const stats = execution.stats();
    expect(stats.stages.at(-1)).toMatchObject({ name: "double", rowsIn: 1000, rowsOut: 1000, pool: { actors: 2, retries: 0, lostActors: 0 } });
    expect(stats.stages.at(-1)?.pool?.utilisation).toBeGreaterThan(0.9);
    expect(stats.bottleneck).toMatch(/^double was the bottleneck \(its 2 actors were predicting \d+ % of the time after loading\)/);
    expect(formatStats(stats)).toMatch(/1,000 rows in \d.*rows\/s[\s\S]*batches of[\s\S]*bottleneck/);
    const kinds = events.map((event) => event.kind);
    expect(kinds[0]).toBe("run-started");
    expect(kinds.at(-1)).toBe("run-finished");
    expect(new Set(kinds)).toEqual(new Set(["run-started", "total-rows", "actor-started", "stage-progress", "run-finished"]));
    expect(events.findLast((event) => event.kind === "stage-progress" && event.name === "double")).toMatchObject({ rowsOut: 1000, etaMs: 0 });
  });
});

describe("functions around a pool", () => {
  test(`keep order and count whatever is asynchronous, over ${seeds} seeds`, async () => {
    for (let seed = 0; seed < seeds; seed++) {
      const random = seededRandom(seed);
      const { environment, host } = world({ onError: "skip" }, { batchMs: () => random.between(0, 50), bad: (id) => (id as number) % 41 === 7 });
      const later = async <T>(value: T): Promise<T> => {
        for (let turns = random.between(0, 5); turns > 0; turns--) await Promise.resolve();
        return value;
      };
      const maybe = <T>(value: T): T | Promise<T> => (random.chance(0.1) ? later(value) : value);
      const count = random.between(1, 400);
      const before: PhysicalOperator = {
        kind: "row-functions", input: scanOf(numbered(count, random.between(1, 120))),
        steps: [
          { kind: "filter", step: { name: "odd", run: (row) => maybe((row["id"] as number) % 2 === 1) } },
          { kind: "with-column", name: "half", step: { name: "half", run: (row) => maybe((row["id"] as number) / 2) } },
        ],
      };
      const after: PhysicalOperator = {
        kind: "row-functions", input: poolOf(recutOf(before), { minActors: 1, maxActors: 3 }),
        steps: [
          { kind: "map", step: { name: "refuse", run: (row) => {
            if ((row["id"] as number) % 30 === 3) throw new Error("three");
            return maybe(row);
          } } },
          { kind: "flat-map", step: { name: "twice", run: (row) => maybe([row, row]) } },
        ],
      };
      const limit = random.chance(0.3) ? random.between(1, 100) : Infinity;
      const execution = execute(limit === Infinity ? after : { kind: "limit", rows: limit, input: after }, environment);
      const wanted = Array.from({ length: count }, (_, id) => id).filter((id) => id % 2 === 1 && id % 41 !== 7 && id % 30 !== 3).flatMap((id) => [id, id]).slice(0, limit);
      const rows = await rowsOf(execution).catch((error: unknown) => error);
      // Where the very first rows are all bad, the run stops.
      if (ShoalError.is(rows, "first-batches-failed")) continue;
      assert(Array.isArray(rows), `seed ${seed}: ${String(rows)}`);
      assert.deepEqual(rows.map((row: Row) => row["id"]), wanted, `seed ${seed}`);
      for (const row of rows as Row[]) assert.deepEqual([row["half"], row["doubled"]], [(row["id"] as number) / 2, 2 * (row["id"] as number)]);
      assert.equal(host.alive, 0);
    }
  }, 60_000);
});

describe("nothing is read too far ahead", () => {
  test("a limit stops reading and disposes every actor", async () => {
    const { environment, host } = world({}, { batchMs: () => 10 });
    const source = numbered(100_000, 100);
    const rows = await rowsOf(execute({ kind: "limit", rows: 50, input: poolOf(recutOf(scanOf(source))) }, environment));
    expect(rows.map((row) => row["id"])).toEqual(Array.from({ length: 50 }, (_, id) => id));
    expect(source.rowsRead).toBeLessThan(2500);
    expect(source.open).toBe(0);
    expect(host.alive).toBe(0);
  });

  test("a consumer that pauses stops the reader, and what is held stays within the budget", async () => {
    const { environment, clock, host } = world({ budgetBytes: 20_000 });
    const source = numbered(100_000, 100);
    const execution = execute(poolOf(recutOf(scanOf(source), 1, 100, 100), { minActors: 4, maxActors: 4 }), environment);
    const blocks = execution[Symbol.asyncIterator]();
    const first = await blocks.next();
    assert(!first.done);
    for (let turn = 0; turn < 50; turn++) await rest();
    const read = source.rowsRead;
    expect(read).toBeLessThan(2000);
    await clock.advance(5000);
    expect(source.rowsRead).toBe(read);
    for (let block = 0; block < 20; block++) await blocks.next();
    expect(source.rowsRead).toBeGreaterThan(read);
    await blocks.return?.();
    // One block beyond the budget, and what was made of those that had been let in.
    expect(execution.stats().stages.at(-1)?.pool?.peakHeldBytes).toBeLessThan(20_000 + 10 * blockBytes(first.value));
    expect(host.alive).toBe(0);
  });

  test("nothing happens before the first block is asked for", async () => {
    const { environment, host } = world();
    const source = numbered(100);
    execute(poolOf(scanOf(source)), environment);
    await rest();
    expect([source.rowsRead, host.spawned]).toEqual([0, 0]);
  });

  test("actors that don't fit are refused before anything is read", async () => {
    const { environment, host } = world({ resources: { cpus: 2, gpus: 0, memory: 2 ** 30 } });
    const source = numbered(100);
    expect(() => execute(poolOf(scanOf(source), { numCpus: 5 }), environment)).toThrow(/double needs 5 CPUs.*this run has 2 CPUs/);
    const sink = memorySink();
    await expect(runToSink(poolOf(scanOf(source), { numGpus: 1 }), sink, environment)).rejects.toThrow("no GPU");
    expect([source.rowsRead, host.spawned, sink.state]).toEqual([0, 0, "untouched"]);
  });
});

describe("the end comes at once", () => {
  test(`wherever the consumer leaves or the signal aborts, over ${seeds} seeds`, async () => {
    for (let seed = 0; seed < seeds; seed++) {
      const random = seededRandom(seed);
      const controller = new AbortController();
      const { environment, host, clock } = world({ signal: controller.signal }, { batchMs: () => random.between(0, 500), chance: () => (random.chance(0.02) ? "crash" : undefined) });
      const source = numbered(5000, random.between(10, 100));
      const blocks = execute(poolOf(poolOf(recutOf(scanOf(source))), { minActors: 1, maxActors: 3 }), environment)[Symbol.asyncIterator]();
      for (let pulled = random.between(0, 6); pulled > 0; pulled--) await blocks.next();
      const pending = blocks.next().catch((error: unknown) => error);
      for (let turns = random.between(0, 30); turns > 0; turns--) await Promise.resolve();
      if (random.chance(0.3)) await clock.advance(random.between(0, 300));
      if (random.chance(0.5)) {
        await blocks.return?.();
      } else {
        controller.abort(new Error("Ctrl-C"));
        const ended = await pending;
        // It may have been done before; then the next call says so.
        if (!(ended instanceof Error)) await assert.rejects(blocks.next(), /Ctrl-C/, `seed ${seed}`);
      }
      await pending;
      assert.equal(host.alive, 0, `seed ${seed}: actors are alive`);
      assert.equal(source.open, 0, `seed ${seed}: the source is open`);
      const read = source.rowsRead;
      await rest();
      assert.equal(source.rowsRead, read, `seed ${seed}: it went on reading`);
      assert.equal(clock.sleeping, 0, `seed ${seed}: something still sleeps`);
    }
  }, 60_000);

  test("while actors are loading", async () => {
    const { environment, clock } = world();
    const slow = new FakeActorHost({ clock, loadMs: 60_000, load: async () => { throw new Error("never"); } });
    const blocks = execute(poolOf(scanOf(numbered(100))), { ...environment, host: slow })[Symbol.asyncIterator]();
    const pending = blocks.next();
    await Promise.resolve();
    await blocks.return?.();
    expect(await pending).toMatchObject({ done: true });
    expect([slow.alive, clock.sleeping]).toEqual([0, 0]);
  });

  test("an output that was begun is discarded", async () => {
    const controller = new AbortController();
    const { environment, host } = world({ signal: controller.signal, onEvent: (event) => event.kind === "stage-progress" && event.rowsOut > 100 && controller.abort(new Error("Ctrl-C")) }, { batchMs: () => 300 });
    const sink = memorySink();
    await expect(runToSink(poolOf(recutOf(scanOf(numbered(5000)))), sink, environment)).rejects.toThrow("Ctrl-C");
    expect([sink.state, host.alive]).toEqual(["discarded", 0]);
  });
});

describe("a pool of one to four actors", () => {
  test("jumps to what the queue needs and goes back to its minimum", async () => {
    const { environment, host, clock, events } = world({}, { batchMs: () => 100 });
    const many = numbered(3200, 32);
    const pauses = { ...many, async *read(...given: Parameters<typeof many.read>) {
      let blocks = 0;
      for await (const block of many.read(...given)) {
        // A burst, a trickle of an hour's length, and a burst.
        if (blocks++ === 50) for (let minute = 0; minute < 60; minute++) await clock.sleep(60_000);
        yield block;
      }
    } };
    const alive: number[] = [];
    const plan = poolOf({ kind: "scan", source: pauses }, { minActors: 1, maxActors: 4, policy: { batchSize: 32 } });
    for await (const block of execute(plan, environment)) if (block.rows > 0) alive.push(host.alive);
    expect(host.peakAlive).toBe(4);
    // One stays through the pause; three come again after it.
    expect(host.spawned).toBe(7);
    expect(events.filter((event) => event.kind === "actor-stopped")).toHaveLength(3);
    expect(host.alive).toBe(0);
  });

  test("stays small for little work", async () => {
    const { environment, host } = world({}, { batchMs: () => 100 });
    await rowsOf(execute(poolOf(recutOf(scanOf(numbered(60))), { minActors: 1, maxActors: 4 }), environment));
    expect(host.peakAlive).toBe(1);
  });

  test("fails at once when its predictor does not load, though no row has come yet", async () => {
    const { environment, clock } = world();
    const broken = new FakeActorHost({ clock, load: async () => { throw new ShoalError("model-not-found", "There is no such model."); } });
    const silent = { ...numbered(10), read: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }) };
    expect((await thrown(rowsOf(execute(poolOf({ kind: "scan", source: silent }), { ...environment, host: broken })))).code).toBe("model-not-found");
  });

  test("goes on with those that started", async () => {
    const { environment, clock } = world();
    let loads = 0;
    const limited = new FakeActorHost({
      clock,
      load: async (_spec, actor) => {
        if (++loads > 2) throw new Error("no memory for a third");
        return doubling([], actor);
      },
    });
    const execution = execute(poolOf(scanOf(numbered(3200, 32)), { minActors: 3, maxActors: 3 }), { ...environment, host: limited });
    expect(await rowsOf(execution)).toHaveLength(3200);
    expect(execution.stats().notices).toEqual(["double: 2 of 3 actors started: no memory for a third"]);
  });
});
