import { createHash } from "node:crypto";
import type { TravellingFile } from "@shoal/cluster";
import { columnFromValues, ShoalError, type Block, type Column, type Row } from "@shoal/core";
import { countingSource, rest } from "@shoal/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { numbered, poolOf, recutOf, scanOf } from "../properties/plans.ts";
import { Fleet, type FleetOptions } from "./fleet.ts";
import { runHere, runOn } from "./remote-run.ts";

const thrown = (promise: Promise<unknown>): Promise<ShoalError> => promise.then(() => { throw new Error("it did not throw"); }, (error: unknown) => ShoalError.from(error));
const doubled = (count = 2000, change: Parameters<typeof poolOf>[1] = {}) => poolOf(recutOf(scanOf(numbered(count))), change);
const fleets: Fleet[] = [];
const started = (options: FleetOptions = {}): Promise<Fleet> => {
  const fleet = new Fleet(options);
  fleets.push(fleet);
  return fleet.start();
};
const expected = (count: number): Row[] => Array.from({ length: count }, (_, id) => ({ id, text: `row ${id}`, doubled: 2 * id }));

afterEach(async () => {
  for (const fleet of fleets.splice(0)) await fleet[Symbol.asyncDispose]();
});

describe("over a real gateway, with real agents", () => {
  test("a run equals one here, and every worker is named", async () => {
    const fleet = await started();
    const { rows, stats } = await runOn(fleet.cluster(), doubled());
    expect(rows).toEqual(expected(2000));
    const workers = stats.stages.find((stage) => stage.pool !== undefined)?.pool?.workers ?? [];
    expect(workers.reduce((sum, each) => sum + each.rows, 0)).toBe(2000);
  });

  test("text goes there and comes back unit by unit, byte order marks and halves of surrogate pairs too", async () => {
    const rows = Array.from({ length: 300 }, (_, id) => ({ id, text: `${["\ufeff", "\ud83d", "\ude00", ""][id % 4]}row ${id}`, marked: `\ufeff${id}` }));
    const spec = { kind: "declarative", name: "echo", backend: "fake", task: "double", model: "none", options: {}, reads: ["id", "text", "marked"], adds: ["echo", "list"], phases: ["predict"] } as const;
    const echo = async (batch: Block): Promise<Block> => {
      const texts = batch.columns["text"] as Column;
      return { rows: batch.rows, lineage: [], columns: { echo: texts, list: columnFromValues((texts.values as string[]).map((text) => [text, "\ufeff"]), { kind: "list", element: "utf8" }) } };
    };
    const fleet = await started({ traits: { predict: echo } });
    const there = await runOn(fleet.cluster(), poolOf(recutOf(scanOf(countingSource(rows, { rowsPerBlock: 100 }))), { spec }));
    expect(there.rows).toEqual(rows.map((row) => ({ ...row, echo: row.text, list: [row.text, "\ufeff"] })));
  });

  test.each(["skip", "null", "deadLetter"] as const)("rows that fail are treated as here, with onError %s", async (onError) => {
    const faults = { bad: (id: unknown) => [3, 700, 701, 1999].includes(id as number) };
    const fleet = await started({ faults });
    const there = await runOn(fleet.cluster(), doubled(2000, { onError }));
    const here = await runHere(doubled(2000, { onError }), {}, faults);
    expect(there.rows).toEqual(here.rows);
    const known = (letters: typeof here.deadLetters) => letters.map(({ row, error: { code, message, failure }, step, source }) => ({ row, code, message, failure, step, source }));
    expect(known(there.deadLetters)).toEqual(known(here.deadLetters));
  });

  test("a model of many pieces goes up whole, though the connection breaks on the way", async () => {
    const fleet = await started({ workers: 1 });
    const MiB = 2 ** 20;
    const bytes = Uint8Array.from({ length: 40 * MiB }, (_, at) => at % 251);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    let reads = 0;
    const file: TravellingFile = { path: "model.onnx", sha256, bytes: bytes.byteLength, read: async function* () {
      const isFirst = reads++ === 0;
      for (let at = 0; at < bytes.byteLength; at += 8 * MiB) {
        if (isFirst && at === 24 * MiB) fleet.cut();
        yield bytes.subarray(at, at + 8 * MiB);
      }
    } };
    const { rows } = await runOn(fleet.cluster({ modelFiles: async () => ({ files: [file] }) }), doubled());
    expect(rows).toEqual(expected(2000));
    expect([reads, Buffer.from(await fleet.files.read(sha256)).equals(bytes)]).toEqual([2, true]);
  });

  test("and though every connection breaks before it is through: each goes on where the last one was", async () => {
    const fleet = await started({ workers: 1 });
    const chunk = 2 ** 19;
    const bytes = Uint8Array.from({ length: 4 * chunk }, (_, at) => at % 241);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    let reads = 0;
    const file: TravellingFile = { path: "model.onnx", sha256, bytes: bytes.byteLength, read: async function* () {
      const mine = ++reads;
      for (let at = 0; at < 4; at++) {
        if (at === mine) {
          await vi.waitUntil(async () => (await fleet.files.arrived?.(sha256)) === mine * chunk);
          fleet.cut();
        }
        yield bytes.subarray(at * chunk, (at + 1) * chunk);
      }
    } };
    const { rows } = await runOn(fleet.cluster({ modelFiles: async () => ({ files: [file] }) }), doubled(200));
    expect(rows).toEqual(expected(200));
    expect([reads, Buffer.from(await fleet.files.read(sha256)).equals(bytes)]).toEqual([4, true]);
  });

  test.each([2, 8, 14])("a driver whose connection breaks after %i blocks goes on where it was", async (after) => {
    const fleet = await started();
    let blocks = 0;
    const source = numbered(2000, 50);
    const plan = poolOf(recutOf({ kind: "scan", source: { ...source, read: async function* (...args: Parameters<typeof source.read>) {
      for await (const block of source.read(...args)) {
        if (++blocks === 2 * after) fleet.cut();
        await rest();
        yield block;
      }
    } } }));
    const { rows } = await runOn(fleet.cluster(), plan);
    expect(rows).toEqual(expected(2000));
    expect(fleet.driverConnections).toBe(2);
  });

  test("one whose connection breaks when all is offered is given what was done meanwhile", async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const fleet = await started({ traits: { preprocess: async (block) => { await held; return block; } } });
    const running = runOn(fleet.cluster(), doubled(300));
    const snapshot = () => fleet.gateway.snapshot().jobs[0]?.segments[0]?.blocks;
    while (snapshot()?.total === undefined) await rest();
    fleet.cut();
    release();
    expect((await running).rows).toEqual(expected(300));
  });

  test("a gateway that was ended and begun anew gives what was done before, and nothing of it runs again", async () => {
    const fleet = await started();
    const source = numbered(4000, 50);
    let restarted: Promise<void> | undefined;
    let read = 0;
    const plan = poolOf(recutOf({ kind: "scan", source: { ...source, read: async function* (...args: Parameters<typeof source.read>) {
      for await (const block of source.read(...args)) {
        if (++read === 40) restarted = fleet.restart();
        await rest();
        yield block;
      }
    } } }));
    const { rows } = await runOn(fleet.cluster(), plan);
    await restarted;
    expect(rows).toEqual(expected(4000));
    // Only what was in flight: everything else is in the ledger, or held by its worker.
    expect(fleet.predicted).toBeLessThan(6000);
  });

  test("a driver that starts again under the same name gets from the ledger what is done", async () => {
    const fleet = await started();
    const controller = new AbortController();
    let seen = 0;
    const first = fleet.cluster({ name: "killed" });
    const job = await first.openJob({ name: "test", identity: "job-1", volunteers: false, signal: controller.signal, onNotice: () => {} });
    const { execute } = await import("@shoal/executor");
    const { machine } = await import("./remote-run.ts");
    const blocks = execute(doubled(), { ...machine(), remote: job.pools, signal: controller.signal })[Symbol.asyncIterator]();
    while (seen < 1000) seen += (await blocks.next()).value?.rows ?? 0;
    // Its process is killed: no message is sent any more.
    fleet.cut();
    const done = fleet.predicted;
    expect(done).toBeGreaterThanOrEqual(1000);
    const notices: string[] = [];
    const { rows } = await runOn(fleet.cluster(), doubled(), { onEvent: (event) => void (event.kind === "notice" && notices.push(event.message)) }, { identity: "job-1" });
    expect(rows).toEqual(expected(2000));
    expect(fleet.predicted).toBeLessThan(2000 + 512);
    await blocks.return?.();
  });

  test("another input under the same name is noticed", async () => {
    const fleet = await started();
    const half = await fleet.cluster({ name: "killed" }).openJob({ name: "test", identity: "job-2", volunteers: false, signal: new AbortController().signal, onNotice: () => {} });
    const { execute } = await import("@shoal/executor");
    const { machine } = await import("./remote-run.ts");
    const blocks = execute(doubled(), { ...machine(), remote: half.pools })[Symbol.asyncIterator]();
    for (let seen = 0; seen < 1000; ) seen += (await blocks.next()).value?.rows ?? 0;
    fleet.cut();
    const others = poolOf(recutOf(scanOf(numbered(1900, 95)), 1, 33));
    expect(await thrown(runOn(fleet.cluster(), others, {}, { identity: "job-2" }))).toMatchObject({ code: "input-changed" });
    await blocks.return?.();
  });

  test("a run that ends early takes its job back, and no block of it is leased any more", async () => {
    const fleet = await started();
    const { rows } = await runOn(fleet.cluster(), { kind: "limit", rows: 100, input: doubled(20_000) });
    expect(rows).toEqual(expected(100));
    const state = () => fleet.gateway.snapshot().jobs[0]?.state;
    while (state() === "running") await rest();
    expect(state()).toBe("cancelled");
  });
});
