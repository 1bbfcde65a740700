// Random plans, killed after each record of their ledgers and resumed: the output must be what it would have been.
import { blockRows, ShoalError, type ModulePredictorSpec, type Row } from "@shoal/core";
import { runToSink, type Environment } from "@shoal/executor";
import { defaultPredictorOptions, physicalInputsOf, plan, type LogicalOperator, type PhysicalOperator, type PredictorOptions } from "@shoal/planner";
import { memoryLedgers, memorySink, seededRandom, type CountingSource, type MemorySink, type SeededRandom } from "@shoal/testing";
import { expect, test } from "vitest";
import { numbered, poolOf, recutOf, scanOf, world } from "./plans.ts";

const seeds = Number(process.env["SHOAL_SEEDS"] ?? 80);

interface RandomPlan {
  readonly plan: PhysicalOperator;
  readonly sources: readonly CountingSource[];
}

/** The same plan for the same seed, each time over sources of its own. */
function randomPlan(seed: number): RandomPlan {
  const random = seededRandom(seed);
  const sources: CountingSource[] = [];
  const read = (): LogicalOperator => {
    const source = numbered(random.between(0, 700), random.between(1, 200), random.pick([Infinity, 50, 130]));
    sources.push(source);
    return { kind: "read", source };
  };
  let operator = read();
  for (let left = random.between(1, 6); left > 0; left--) operator = randomStep(operator, random, read);
  return { plan: plan(operator, { preserveOrder: true, onError: random.pick(["skip", "deadLetter"]) }).physical, sources };
}

const step = (name: string, run: unknown) => ({ run, name }) as never;

function randomStep(input: LogicalOperator, random: SeededRandom, read: () => LogicalOperator): LogicalOperator {
  const some = random.between(2, 9);
  switch (random.between(0, 11)) {
    case 0: return { kind: "filter", input, step: step("some", (row: Row) => (row["id"] as number) % some !== 0) };
    case 1: return { kind: "filter", input, step: step("few", (row: Row) => Math.floor((row["id"] as number) / 40) % some === 0) };
    case 2: return { kind: "flat-map", input, step: step("several", (row: Row) => Array.from({ length: (row["id"] as number) % some }, (_, copy) => ({ ...row, copy }))) };
    case 3: return { kind: "flat-map", input, step: step("many", (row: Row) => ((row["id"] as number) % 97 === 5 ? Array.from({ length: 15 * some }, (_, many) => ({ ...row, many })) : [row])) };
    case 4: return { kind: "map", input, step: step("async", async (row: Row) => ({ ...row, seen: `${String(row["text"])}!` })) };
    case 5: return { kind: "with-column", input, name: "half", step: step("odd", (row: Row) => fails((row["id"] as number) % (11 * some) === 3, (row["id"] as number) / 2)) };
    // What a row gets depends on its batch.
    case 6: return batches(input, random, "summed", (batch) => ({ ...batch, sum: Array.from(batch["id"] as number[], () => Array.from(batch["id"] as number[]).reduce((a, b) => a + b, 0)) }));
    // So does how many rows there are.
    case 7: return batches(input, random, "shorter", (batch) => Object.fromEntries(Object.entries(batch).map(([name, values]) => [name, Array.from(values as unknown[]).filter((_, at) => at % some === 0)])));
    case 8: return { kind: "limit", input, rows: random.between(0, 500) };
    case 9: return { kind: "union", inputs: random.chance(0.5) ? [input, randomStep(read(), random, read)] : [randomStep(read(), random, read), input] };
    case 10: return { kind: "repartition", input, rowsPerBlock: random.between(1, 90) };
    default: return predict(input, random);
  }
}

function fails<T>(bad: boolean, value: T): T {
  if (bad) throw new TypeError("a bad row");
  return value;
}

function batches(input: LogicalOperator, random: SeededRandom, name: string, run: (batch: Readonly<Record<string, unknown>>) => unknown): LogicalOperator {
  return { kind: "map-batches", input, step: step(name, run), batchSize: random.pick(["auto", 7, 32]), batchFormat: "columns" };
}

const moduleSpec: ModulePredictorSpec = { kind: "module", name: "own", module: "file:///own.ts", export: "own", args: null, batchFormat: "columns", rows: "same", stateful: false, phases: ["predict"] };

function predict(input: LogicalOperator, random: SeededRandom): LogicalOperator {
  const options: PredictorOptions = { ...defaultPredictorOptions, batchSize: random.pick(["auto", 10, 32]), concurrency: random.between(1, 3), maxAttempts: 2 };
  if (random.chance(0.3)) return { kind: "predict", input, options, spec: moduleSpec };
  return { kind: "predict", input, options, spec: { kind: "declarative", name: "double", backend: "fake", task: "double", model: "none", options: {}, reads: ["id"], adds: ["doubled"], phases: ["predict"] } };
}

function surroundings(ledgers: ReturnType<typeof memoryLedgers>): ReturnType<typeof world> {
  const bad = (id: unknown): boolean => (id as number) % 53 === 17;
  return world({ ledgers }, { bad }, {
    predict: async (batch) => ({ ...batch, columns: { ...batch.columns, doubled: batch.columns["id"] as never } }),
  });
}

function outcome(sink: MemorySink, plan: PhysicalOperator): { readonly rows: readonly string[]; readonly letters?: readonly string[] } {
  // A column that some rows lack is missing there, whichever block they come in.
  const rows = Array.from(blockRows(sink.block), (row) => JSON.stringify(Object.fromEntries(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1)))));
  // Which rows beyond a limit were tried already when it was reached is left to chance.
  if (hasLimit(plan)) return { rows };
  return { rows, letters: sink.deadLetters.map((letter) => JSON.stringify([letter.step, Object.entries(letter.row).filter(([, value]) => value !== null)])).toSorted() };
}

function hasLimit(plan: PhysicalOperator): boolean {
  return plan.kind === "limit" || physicalInputsOf(plan).some(hasLimit);
}

test(`a run that was killed after any record, and resumed, gives the same output, over ${seeds} seeds`, async () => {
  let resumed = 0;
  let begunLater = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const ledgers = memoryLedgers();
    const whole = memorySink("whole", "whole");
    await runToSink(randomPlan(seed).plan, whole, surroundings(ledgers).environment);
    const wanted = outcome(whole, randomPlan(seed).plan);
    const records = ledgers.count("whole");
    const random = seededRandom(seed);
    const kills = records <= 8 ? Array.from({ length: records }, (_, at) => at + 1) : Array.from({ length: 8 }, () => random.between(1, records));
    for (const kill of kills) {
      ledgers.copy("whole", "killed", kill);
      const again = randomPlan(seed);
      const sink = memorySink("killed", "killed");
      await runToSink(again.plan, sink, surroundings(ledgers).environment, { resume: true });
      expect(outcome(sink, again.plan), `seed ${seed}, killed after ${kill} of ${records} records`).toEqual(wanted);
      resumed++;
      if (again.sources.reduce((sum, { rowsRead }) => sum + rowsRead, 0) === 0 || kill > 1) begunLater++;
      // Killed again, on the way.
      const twice = random.between(kill, ledgers.count("killed"));
      ledgers.copy("killed", "twice", twice);
      const last = memorySink("twice", "twice");
      await runToSink(randomPlan(seed).plan, last, surroundings(ledgers).environment, { resume: true });
      expect(outcome(last, again.plan), `seed ${seed}, killed after ${kill} and after ${twice} records`).toEqual(wanted);
    }
  }
  expect(resumed).toBeGreaterThan(seeds);
  expect(begunLater).toBeGreaterThan(0);
}, 600_000);

test("what a resumed run must be the same in is named; what rows do not depend on may change", async () => {
  const source = numbered(2000, 100, 500);
  const onError = (kept: "fail" | "skip"): PhysicalOperator => {
    const read = plan({ kind: "filter", input: { kind: "read", source }, step: step("even", (row: Row) => (row["id"] as number) % 2 === 0) }, { preserveOrder: true, onError: kept }).physical;
    return poolOf(recutOf(read), { onError: kept, maxActors: kept === "skip" ? 1 : 2 });
  };
  const ledgers = memoryLedgers();
  const devices = { candidates: async () => ["cpu" as const] };
  const begun = { ...world({ ledgers, devices }), signal: new AbortController() };
  ledgers.models["none"] = "one";
  const sink = memorySink("out", "out");
  let blocks = 0;
  const stopping = { ...sink, open: async (signal: AbortSignal) => {
    const writer = await sink.open(signal);
    return { ...writer, write: async (block: Parameters<typeof writer.write>[0]) => ((blocks += 1) === 4 ? begun.signal.abort(new ShoalError("aborted", "Ctrl-C.")) : undefined, writer.write(block)) };
  } };
  const stopped = runToSink(onError("fail"), stopping, { ...begun.environment, signal: begun.signal.signal });
  await expect(stopped).rejects.toMatchObject({ code: "aborted", details: { kept: expect.any(Number) as number, unfinished: "out" } });
  expect(sink.state).toBe("left");

  const again = (change: Partial<Environment> = {}, operator = onError("fail")): Promise<unknown> => runToSink(operator, memorySink("out", "out"), { ...world({ ledgers, devices }).environment, ...change }, { resume: true });
  ledgers.models["none"] = "two";
  ledgers.libraries["onnxruntime-node"] = "9";
  await expect(again()).rejects.toMatchObject({ code: "resume-changed", details: { changes: ['Step 4, predictor "double": the files of its model have changed.', "The library onnxruntime-node was not there and is 9."] } });
  ledgers.models["none"] = "one";
  delete ledgers.libraries["onnxruntime-node"];
  const chosen = (await ledgers.open("out")).records.at(-1)?.devices;
  expect(chosen).toEqual({ 3: { device: "cpu" } });
  await expect(again({ devices: { candidates: async () => ["wasm"] } })).rejects.toMatchObject({ code: "device-changed", details: { device: "cpu" } });
  // Fewer actors, and another policy than the one that let no failed row through.
  const last = memorySink("out", "out");
  await runToSink(onError("skip"), last, world({ ledgers, devices }).environment, { resume: true });
  expect(last.rows.map((row) => row["id"])).toEqual(Array.from({ length: 1000 }, (_, at) => 2 * at));
});

test("what a damaged ledger has lost is said", async () => {
  const ledgers = memoryLedgers();
  const operator = (): PhysicalOperator => scanOf(numbered(500, 100));
  await runToSink(operator(), memorySink("out", "out"), world({ ledgers }).environment);
  ledgers.copy("out", "out", 4);
  const damaged = { ...ledgers, open: async (folder: string) => {
    const ledger = await ledgers.open(folder);
    return Object.create(ledger, { block: { value: async (at: number) => (at === 1 ? undefined : ledger.block(at)) } }) as typeof ledger;
  } };
  const { environment, events } = world({ ledgers: damaged });
  const sink = memorySink("out", "out");
  await runToSink(operator(), sink, environment, { resume: true });
  expect(sink.rows).toHaveLength(500);
  const said = events.flatMap((event) => (event.kind === "notice" ? [event.message] : []));
  expect(said).toEqual([expect.stringContaining("Going on after 400 rows"), "The ledger is damaged: of those 400 rows, only the first 100 can be read. The others are made again."]);
});

test("a plan without a place to go on from starts over, and says why", async () => {
  const { environment, events } = world({ ledgers: memoryLedgers() });
  const zipped: PhysicalOperator = { kind: "zip", inputs: [scanOf(numbered(100)), scanOf(numbered(100))] };
  const sink = memorySink("out", "out");
  await runToSink(zipped, sink, environment, { resume: true });
  expect(sink.rows).toHaveLength(100);
  expect(events).toContainEqual({ kind: "notice", message: "Nothing can be resumed: zip() reads two datasets beside each other. This run starts at the first row." });
});
