import { definePredictor, isPredictorStep, ShoalError, type PredictorStep } from "@shoal/core";
import type { RemoteRunner, RunEvent } from "@shoal/executor";
import { memorySink } from "@shoal/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { numbered } from "../properties/plans.ts";
import { datasetHere } from "./remote-run.ts";
import { ScriptedGateway } from "./scripted-gateway.ts";

const double = {
  mode: "adds",
  spec: { kind: "declarative", name: "double", backend: "fake", task: "double", model: "none", options: {}, reads: ["id"], adds: ["doubled"], phases: ["predict"] },
} as PredictorStep<{ id: number }, { doubled: number }, undefined, "adds">;
const own = definePredictor<{ id: number[] }>()(import.meta, "own", { setup: () => ({}), predict: (batch) => ({ ...batch, own: batch.id }) });
const counter = definePredictor<{ id: number[] }>()(import.meta, "counter", { setup: () => ({}), predict: (batch) => ({ ...batch, seen: batch.id }), stateful: true });
const thrown = (promise: Promise<unknown>): Promise<ShoalError> => promise.then(() => { throw new Error("it did not throw"); }, (error: unknown) => ShoalError.from(error));

let gateway: ScriptedGateway;
let events: RunEvent[];
const rows = (count = 100) => datasetHere<{ id: number; text: string }>(numbered(count), events);
const notices = () => events.flatMap((event) => (event.kind === "notice" ? [event.message] : []));

beforeEach(() => {
  gateway = new ScriptedGateway();
  events = [];
});
afterEach(() => gateway[Symbol.asyncDispose]());

describe("{ on: cluster }", () => {
  test("works in every consuming call", async () => {
    const on: { on: RemoteRunner } = { on: gateway.cluster() };
    const doubled = rows().mapBatches(double);
    const sink = memorySink();
    expect(isPredictorStep(double)).toBe(true);
    expect(await doubled.take(3, on)).toMatchObject([{ id: 0, doubled: 0 }, { id: 1, doubled: 2 }, { id: 2, doubled: 4 }]);
    expect(await doubled.takeAll(Infinity, on)).toHaveLength(100);
    expect((await doubled.takeBatch(2, on)).doubled).toHaveLength(2);
    expect(await doubled.count(on)).toBe(100);
    expect((await doubled.schema(on)).fields.map((field) => field.name)).toEqual(["id", "text", "doubled"]);
    expect(await (await doubled.materialize(on)).count()).toBe(100);
    for await (const row of doubled.iterRows(on)) if (row.id === 5) break;
    for await (const batch of doubled.iterBatches({ batchSize: 50, ...on })) expect(batch.doubled).toHaveLength(50);
    await doubled.show(1, on);
    expect((await doubled.write(sink, on)).result.rows).toBe(100);
    expect((await doubled.to(memorySink()).run(on)).result.rows).toBe(100);
    expect(sink.rows.at(-1)).toEqual({ id: 99, text: "row 99", doubled: 198 });
    expect(gateway.kinds("submit")).toHaveLength(11);
  });

  test("is refused before anything is read where it is something else: what share() gives, or a link", async () => {
    for (const [on, hint] of [[{ cluster: gateway.cluster(), coordinator: {} }, "Give its cluster: { on: shared.cluster }."], ["http://desk:7171/#secret", "A link goes through connect(): { on: await connect(link) }."]] as const) {
      const error = await thrown(rows().mapBatches(double).takeAll(5, { on: on as unknown as RemoteRunner }));
      expect(error).toMatchObject({ code: "bad-option", hint });
      expect(error.message).not.toContain("secret");
    }
  });

  test("says who they are for, and what they are", async () => {
    await rows().mapBatches(double).takeAll(Infinity, { on: gateway.cluster(), volunteers: true, name: "reviews", note: "Reviews of films.", priority: 2 });
    expect(gateway.kinds("submit")).toMatchObject([{ description: { name: "reviews", about: { note: "Reviews of films.", columns: ["id"] }, volunteers: true, priority: 2, weight: 1, segments: [{ name: "double", plan: { spec: { name: "double" } } }] } }]);
    expect(gateway.heard.at(-1)).toMatchObject({ kind: "published" });
    await rows().mapBatches(double).takeAll(Infinity, { on: gateway.cluster() });
    expect(gateway.kinds("submit")[1]).toMatchObject({ description: { name: "double", volunteers: false, priority: 0 } });
  });

  test("every run is a job of its own", async () => {
    const cluster = gateway.cluster();
    await rows().mapBatches(double).takeAll(Infinity, { on: cluster });
    await rows().mapBatches(double).takeAll(Infinity, { on: cluster });
    const names = gateway.kinds("submit").map((message) => (message.kind === "submit" ? message.description.job : ""));
    expect(new Set(names).size).toBe(2);
    expect(names.every((name) => /^[0-9a-f]{32}$/.test(name))).toBe(true);
  });

  test("closures run here, before and after", async () => {
    const mixed = rows().map((row) => ({ id: row.id + 1 })).mapBatches(double).filter((row) => row.doubled > 100).map((row) => ({ half: row.doubled / 2 }));
    expect((await mixed.takeAll(Infinity, { on: gateway.cluster() })).map((row) => row.half)).toEqual(Array.from({ length: 50 }, (_, at) => 51 + at));
  });

  test("a predictor that can't travel runs here beside one that can, and is named", async () => {
    const both = rows().mapBatches(double).mapBatches(counter);
    expect(await both.takeAll(Infinity, { on: gateway.cluster() })).toHaveLength(100);
    expect(notices()).toEqual(["counter runs here, not on the coordinator, because it is stateful: it remembers from batch to batch, in one place and in order."]);
  });

  test("a run whose predictors can't travel is refused, with the reasons", async () => {
    const error = await thrown(rows().mapBatches(own).mapBatches(counter).takeAll(Infinity, { on: gateway.cluster() }));
    expect(error.code).toBe("nothing-travels");
    expect(error.message).toContain("own stays, because it is a predictor of your own, and goes as code only with --code (in a program, connect(link, { code: true })); counter stays, because it is stateful");
    expect(error.toData().hint).toMatch(/^Let predictors of your own go along as code, with --code .* without --share or --on/);
    expect(gateway.heard).toEqual([]);
  });

  test("one without predictors runs here, and says so", async () => {
    expect(await rows().map((row) => ({ id: row.id })).takeAll(Infinity, { on: gateway.cluster() })).toHaveLength(100);
    expect(notices()).toEqual(["Nothing of this goes to the coordinator: it has no predictor."]);
    expect(gateway.heard).toEqual([]);
  });

  test("explain() shows the cut", () => {
    expect(rows().mapBatches(double).explain({ on: gateway.cluster() })).toContain("Segments: what other machines can run\n  double: any device");
  });
});
