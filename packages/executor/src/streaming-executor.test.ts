import type { Datasource } from "@shoal/core";
import { describe, expect, test } from "vitest";
import { execute } from "./streaming-executor.ts";
import { noActors, source, scan, numbered, rowsOf, never, thrown, map, functions } from "./operators/operator-plans.fixture.ts";

describe("a run", () => {
  test("is consumed once", async () => {
    const run = execute(scan(...numbered(2, 2)), { host: noActors, resources: { cpus: 1, gpus: 0, memory: 1 } });
    for await (const block of run) expect(block.rows).toBe(2);
    expect(() => run[Symbol.asyncIterator]()).toThrow("consumed before");
    expect(run.stats()).toMatchObject({ rowsOut: 2, stages: [{ name: "read memory", rowsOut: 2 }] });
  });

  test("ends by its signal while the source is silent", async () => {
    const controller = new AbortController();
    const silent: Datasource = { ...source([]), read: () => never };
    const rows = rowsOf({ kind: "scan", source: silent }, { signal: controller.signal });
    controller.abort(new Error("Ctrl-C"));
    expect((await thrown(rows)).message).toBe("Ctrl-C");
  });

  test("ends by return() while next() is pending", async () => {
    const silent: Datasource = { ...source([]), read: () => never };
    const blocks = execute(functions({ kind: "scan", source: silent }, map((row) => row)), { host: noActors, resources: { cpus: 1, gpus: 0, memory: 1 } })[Symbol.asyncIterator]();
    const pending = blocks.next();
    await blocks.return?.();
    expect(await pending).toEqual({ done: true, value: undefined });
  });
});
