import { ShoalError, type Row } from "@shoal/core";
import type { RunEvent } from "@shoal/executor";
import type { PhysicalOperator } from "@shoal/planner";
import { countingSource, rest } from "@shoal/testing";
import { afterEach, describe, expect, test } from "vitest";
import { numbered, poolOf, recutOf, scanOf } from "../properties/plans.ts";
import { runHere, runOn } from "./remote-run.ts";
import { ScriptedGateway, type Offered, type Script } from "./scripted-gateway.ts";

const thrown = (promise: Promise<unknown>): Promise<ShoalError> => promise.then(() => { throw new Error("it did not throw"); }, (error: unknown) => ShoalError.from(error));
const doubled = (count = 1000, change: Parameters<typeof poolOf>[1] = {}) => poolOf(recutOf(scanOf(numbered(count))), change);
const gateways: ScriptedGateway[] = [];
const scripted = (script: Script = {}): ScriptedGateway => {
  const gateway = new ScriptedGateway(script);
  gateways.push(gateway);
  return gateway;
};
/** Facts, not time: whatever is waited for comes by messages within this process. */
const until = async (fact: () => boolean): Promise<void> => {
  while (!fact()) await rest();
};

afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway[Symbol.asyncDispose]();
});

describe("a run elsewhere equals one here", () => {
  test("in rows and order, whatever comes back first", async () => {
    const waiting: Offered[] = [];
    const answerBackwards = async (offer: Offered, gateway: ScriptedGateway): Promise<void> => {
      waiting.push(offer);
      if (waiting.length < 4 && offer.block < 7) return;
      for (const each of waiting.splice(0).toReversed()) await gateway.answerInParts(each, each.rows);
    };
    const gateway = scripted({ answer: answerBackwards });
    const there = await runOn(gateway.cluster(), doubled());
    expect(there.rows).toEqual((await runHere(doubled())).rows);
    expect(there.rows).toHaveLength(1000);
    expect(gateway.offered).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(gateway.kinds("input-ended")).toMatchObject([{ blocks: 10 }]);
    const [{ description: { segments: [segment] = [] } = {} } = {}] = gateway.kinds("submit") as { readonly description?: { readonly segments?: readonly { readonly expectedBlocks?: number }[] } }[];
    expect(segment?.expectedBlocks).toBeGreaterThanOrEqual(8);
    expect(gateway.heard.at(-1)).toMatchObject({ kind: "published" });
  });

  test("nothing travels but the columns that are read", async () => {
    const columns = new Set<string>();
    const lineages: unknown[] = [];
    const gateway = scripted({
      answer: async (offer, at) => {
        for (const name of Object.keys(offer.rowsOf.columns)) columns.add(name);
        lineages.push(...offer.rowsOf.lineage);
        await at.answerInParts(offer, 1000);
      },
    });
    await runOn(gateway.cluster(), doubled(100));
    expect([[...columns], lineages]).toEqual([["id"], []]);
  });

  const bad = { bad: (id: unknown) => [70, 200, 201, 640].includes(id as number) };
  test.each(["skip", "null", "deadLetter"] as const)("with rows that fail and onError %s", async (onError) => {
    const here = await runHere(doubled(1000, { onError }), {}, bad);
    const there = await runOn(scripted({ faults: bad, answer: (offer, gateway) => gateway.answerInParts(offer, 37) }).cluster(), doubled(1000, { onError }));
    expect(there.rows).toEqual(here.rows);
    const known = (letters: typeof here.deadLetters) => letters.map(({ row, error: { code, message, failure }, step, source }) => ({ row, code, message, failure, step, source }));
    expect(known(there.deadLetters)).toEqual(known(here.deadLetters));
    expect(there.deadLetters).toHaveLength(onError === "deadLetter" ? 4 : 0);
    expect(there.stats.failedRows).toBe(here.stats.failedRows);
  });

  test("with onError fail: the same error, and who met it", async () => {
    const here = await thrown(runHere(doubled(), {}, bad));
    const gateway = scripted({ faults: bad });
    const there = await thrown(runOn(gateway.cluster(), doubled()));
    expect([there.code, there.message.replace(', on worker "anna"', "")]).toEqual([here.code, here.message]);
    expect(there.message).toContain(', on worker "anna": ');
    expect(gateway.heard.at(-1)).toMatchObject({ kind: "cancel" });
  });

  test("the coordinator is told how many rows there will be, and whether that is reckoned", async () => {
    const said = async (plan: ReturnType<typeof doubled>) => {
      const gateway = scripted({ ask: 1 });
      await runOn(gateway.cluster(), plan);
      return gateway.kinds("offer").flatMap((offer) => ("expectedRows" in offer ? [[offer.expectedRows, offer.isEstimate ?? false]] : []));
    };
    // Counted once, and said once.
    expect(await said(doubled(1000))).toEqual([[1000, false]]);
    const twice = (row: Row): Row[] => [row, row].slice(0, 1 + (Number(row["id"]) < 500 ? 1 : 0));
    const many = await said(poolOf(recutOf({ kind: "row-functions", input: scanOf(numbered(1000)), steps: [{ kind: "flat-map", step: { name: "twice", run: twice } }] } as unknown as PhysicalOperator)));
    expect(many[0]).toEqual([2000, true]);
    expect(many.at(-1)?.[0]).toBeLessThan(2000);
    expect(many.every(([, isEstimate]) => isEstimate)).toBe(true);
  });

  test("after a lost connection it is told again", async () => {
    const gateway = scripted({ answer: async (offer, at) => (offer.block === 2 && at.connections === 1 ? at.drop() : at.answerInParts(offer, offer.rows)) });
    await runOn(gateway.cluster(), doubled());
    expect(gateway.kinds("offer").filter((offer) => "expectedRows" in offer)).toHaveLength(2);
  });

  test("a predictor after a predictor", async () => {
    const chain = () => poolOf(recutOf(doubled(300, { spec: { kind: "declarative", name: "first", backend: "fake", task: "double", model: "none", options: {}, reads: ["id"], adds: ["once"], phases: ["predict"] } })));
    const twice = scripted();
    const { rows } = await runOn(twice.cluster(), chain());
    expect(rows).toEqual(Array.from({ length: 300 }, (_, id) => ({ id, text: `row ${id}`, once: 2 * id, doubled: 2 * id })));
    expect(twice.kinds("input-ended").map((message) => "segment" in message && message.segment)).toEqual([0, 1]);
  });

  test("rows that were given up are failures with their error", async () => {
    const gateway = scripted({
      answer: async (offer, at) => {
        if (offer.block !== 1) return at.answerInParts(offer, 1000);
        const { job, segment, block } = offer;
        at.part(offer, 10, await at.compute(offer, { ...offer.rowsOf, ...slice(offer, 10) }));
        at.say({ kind: "part", job, segment, block, first: 0, rows: 10, failures: [], error: { code: "worker-lost", message: "3 workers vanished over it", failure: "worker-lost" } });
        at.done(offer);
      },
    });
    const { deadLetters, rows } = await runOn(gateway.cluster(), doubled(200, { onError: "deadLetter" }));
    expect(rows).toHaveLength(190);
    expect(deadLetters.map((letter) => letter.row["id"])).toEqual([32, 33, 34, 35, 36, 37, 38, 39, 40, 41]);
    expect(deadLetters[0]).toMatchObject({ error: { code: "worker-lost" }, source: "counted-0, row 33" });
  });
});

function slice(offer: Offered, first: number) {
  const column = offer.rowsOf.columns["id"] as { readonly values: { slice(from: number): unknown }; readonly length: number };
  return { rows: offer.rows - first, columns: { id: { ...column, length: column.length - first, values: column.values.slice(first) } as never } };
}

describe("what is held, and how much", () => {
  test("no more is read and offered than was asked for", async () => {
    const source = numbered(5000, 32);
    const waiting: Offered[] = [];
    const gateway = scripted({ ask: 3, answer: (offer) => void waiting.push(offer) });
    const running = runOn(gateway.cluster(), poolOf(recutOf(scanOf(source), 1, 32, 32)));
    await until(() => waiting.length === 3);
    for (let turn = 0; turn < 20; turn++) await rest();
    expect(gateway.offered).toEqual([0, 1, 2]);
    expect(source.rowsRead).toBe(96);
    gateway.ask(0, 1000);
    await until(() => waiting.length > 3);
    const answering = setInterval(() => waiting.splice(0).forEach((offer) => void gateway.answerInParts(offer, 1000)), 1);
    const { rows } = await running.finally(() => clearInterval(answering));
    expect(rows).toHaveLength(5000);
  });

  test("the report says who did how many rows", async () => {
    const notices: string[] = [];
    const onEvent = (event: RunEvent): void => void (event.kind === "notice" && notices.push(event.message));
    const gateway = scripted({
      answer: async (offer, at) => {
        at.say({ kind: "fleet", job: offer.job, segment: 0, workers: 2, busy: 1, loading: 1, notice: "it is slow" });
        await at.answerInParts(offer, 1 + (offer.rows >> 1));
      },
    });
    const { stats } = await runOn(gateway.cluster(), doubled(96), { onEvent });
    const pool = stats.stages.find((stage) => stage.pool !== undefined)?.pool;
    expect(pool).toMatchObject({ actors: 2, device: "cpu", workers: [{ worker: "worker 0", rows: 50 }, { worker: "worker 1", rows: 46 }] });
    expect(notices).toEqual(["double: it is slow"]);
  });
});

describe("blocks that are too large to travel", () => {
  const MiB = 2 ** 20;
  const large = (sizes: readonly number[]) => recutOf(scanOf(countingSource(sizes.map((size, id) => ({ id, text: "x".repeat(size) })), { rowsPerBlock: 100 })));
  const spec = { kind: "declarative", name: "double", backend: "fake", task: "double", model: "none", options: {}, reads: ["id", "text"], adds: ["doubled"], phases: ["predict"] } as const;

  test("go in parts, under numbers of their own, and come back as one", async () => {
    const gateway = scripted();
    const { rows } = await runOn(gateway.cluster(), poolOf(large(new Array<number>(24).fill(MiB)), { spec }));
    expect(rows.map((row) => row["doubled"])).toEqual(Array.from({ length: 24 }, (_, id) => 2 * id));
    expect(gateway.kinds("offer")).toMatchObject([{ block: 0, rows: 12 }, { block: 1, rows: 12 }]);
    expect(gateway.kinds("input-ended")).toMatchObject([{ blocks: 2 }]);
  });

  test("end the run where their rows belong together, and say what to do", async () => {
    const gateway = scripted();
    const error = await thrown(runOn(gateway.cluster(), poolOf(large(new Array<number>(24).fill(MiB)), { spec, policy: { batchSize: 24 } })));
    expect(error).toMatchObject({ code: "block-too-large", details: { rows: 24 } });
    expect(error.message).toMatch(/24 rows in 24(\.\d)? MiB.*16 MiB.*\n.*repartition/s);
  });

  test("a row that is so by itself is one that failed", async () => {
    const { rows, deadLetters } = await runOn(scripted().cluster(), poolOf(large([5, 17 * MiB, 5]), { spec, onError: "deadLetter" }));
    expect(rows.map((row) => row["id"])).toEqual([0, 2]);
    expect(deadLetters).toMatchObject([{ row: { id: 1 }, error: { code: "block-too-large" }, source: "counted-0, row 2" }]);
  });
});

describe("ends", () => {
  test("a signal takes the job back", async () => {
    const controller = new AbortController();
    const gateway = scripted({ answer: () => {} });
    const running = runOn(gateway.cluster(), doubled(), { signal: controller.signal });
    await until(() => gateway.offered.length > 0);
    controller.abort(new ShoalError("aborted", "Ctrl-C", { failure: "aborted" }));
    expect(await thrown(running)).toMatchObject({ code: "aborted" });
    expect(gateway.heard.at(-1)).toMatchObject({ kind: "cancel" });
  });

  test("a limit above takes it back too, and is no failure", async () => {
    const gateway = scripted();
    const { rows } = await runOn(gateway.cluster(), { kind: "limit", rows: 40, input: poolOf(recutOf(scanOf(numbered(5000)))) });
    expect(rows).toHaveLength(40);
    expect(gateway.heard.at(-1)).toMatchObject({ kind: "cancel" });
    expect(gateway.offered.length).toBeLessThan(12);
  });

  test("a job that failed there fails here, with its error", async () => {
    const gateway = scripted({ answer: (offer, at) => at.say({ kind: "job-failed", job: offer.job, error: { code: "input-changed", message: "Block 3 is another", failure: "bug" } }) });
    expect(await thrown(runOn(gateway.cluster(), doubled()))).toMatchObject({ code: "input-changed" });
  });

  test.each<[string, NonNullable<Script["answer"]>]>([
    ["too few rows", async (offer, at) => { at.part(offer, 0, await at.compute(offer, { ...offer.rowsOf, ...slice(offer, 1) })); at.done(offer); }],
    ["rows beyond the block", async (offer, at) => at.part(offer, 5, await at.compute(offer))],
    ["bytes that are no block", (offer, at) => at.say({ kind: "part", job: offer.job, segment: 0, block: 0, first: 0, rows: 32, failures: [] }, new Uint8Array(100))],
    ["rows without bytes", (offer, at) => at.say({ kind: "part", job: offer.job, segment: 0, block: 0, first: 0, rows: 32, failures: [] })],
  ])("an answer with %s ends the run", async (_what, answer) => {
    expect((await thrown(runOn(scripted({ answer }).cluster(), doubled(32)))).code).toMatch(/^(rows-not-conserved|bad-block)$/);
  });
});
