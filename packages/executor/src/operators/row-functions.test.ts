import { blockRows, columnFromValues, tensorColumn, type Block, type DeadLetter, type Row } from "@shoal/core";
import type { PhysicalOperator, RowStep } from "@shoal/planner";
import { describe, expect, test } from "vitest";
import { execute } from "../streaming-executor.ts";
import { noActors, scan, numbered, blocksOf, rowsOf, thrown, map, filter, withColumn, flatMap, functions } from "./operator-plans.fixture.ts";

describe("row functions", () => {
  test("are one pass", async () => {
    const plan = functions(scan(...numbered(6, 4)), filter((row) => (row["n"] as number) % 2 === 0), map((row) => ({ ...row, m: row["n"] })), flatMap((row) => [row, row]), withColumn("k", (row) => (row["m"] as number) + 1));
    expect(await rowsOf(plan)).toEqual([0, 0, 2, 2, 4, 4].map((n) => ({ n, m: n, k: n + 1 })));
  });

  test("may be asynchronous: order is kept, and only so many run at once", async () => {
    let open = 0;
    let most = 0;
    const slow = async (row: Row): Promise<Row> => {
      most = Math.max(most, ++open);
      for (let turn = (row["n"] as number) % 7; turn >= 0; turn--) await Promise.resolve();
      open--;
      return { n: row["n"] };
    };
    const plan = functions(scan(...numbered(100, 50)), withColumn("x", () => 1), map((row) => ((row["n"] as number) % 3 === 0 ? row : slow(row))), flatMap(async function* (row) {
      yield { n: row["n"] };
    }));
    expect((await rowsOf(plan)).map((row) => row["n"])).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(16);
  });

  test("that only filter and add columns leave the others as they are", async () => {
    const block: Block = { rows: 3, lineage: [], columns: { id: columnFromValues([1, 2, 3], { kind: "int64" }), image: tensorColumn(new Float32Array(12), [2, 2]) } };
    const [result] = await blocksOf(functions(scan(block), filter((row) => row["id"] !== 2), withColumn("big", (row) => (row["id"] as number) > 1)));
    expect(result?.columns["id"]?.type).toEqual({ kind: "int64" });
    expect(result?.columns["image"]).toMatchObject({ length: 2, type: { kind: "tensor", element: "float32", shape: [2, 2] } });
    expect(result?.columns["big"]?.type).toEqual({ kind: "bool" });
  });

  test("that map keep the type of a column wherever no value is lost", async () => {
    const block: Block = {
      rows: 2, lineage: [],
      columns: { id: columnFromValues([1, 2], { kind: "int64" }), image: tensorColumn(new Float32Array(8), [2, 2]), score: columnFromValues([0.5, 0.25], { kind: "float32" }), small: columnFromValues([1, 255], { kind: "uint8" }) },
    };
    const [same] = await blocksOf(functions(scan(block), map((row) => ({ ...row }))));
    expect(Object.values(same?.columns ?? {}).map((column) => column.type)).toEqual(Object.values(block.columns).map((column) => column.type));
    const [changed] = await blocksOf(functions(scan(block), map((row) => ({ id: (row["id"] as number) + 0.5, score: (row["score"] as number) * 1.1, small: (row["small"] as number) + 1 }))));
    expect(Object.values(changed?.columns ?? {}).map((column) => column.type.kind)).toEqual(["float64", "float64", "float64"]);
    expect([...blockRows(changed as Block)][1]).toEqual({ id: 2.5, score: 0.25 * 1.1, small: 256 });
  });

  test("see no column in what somebody added to all objects", async () => {
    const everywhere = Object.prototype as { added?: unknown };
    let rows: Row[];
    try {
      everywhere.added = () => 1;
      const plan = functions(scan(...numbered(2, 4)), map((row) => ({ ...row, m: 1 })), withColumn("k", (row) => row["n"]));
      rows = await rowsOf({ kind: "project", input: plan, columns: [["m", "x"]], rest: true, drop: [] } as PhysicalOperator);
    } finally {
      delete everywhere.added;
    }
    expect(rows).toEqual([{ n: 0, x: 1, k: 0 }, { n: 1, x: 1, k: 1 }]);
  });

  test("that fail name step, place and row", async () => {
    const plan = functions(scan(...numbered(10, 4)), map((row) => {
      if (row["n"] === 6) throw new RangeError("too much");
      return row;
    }));
    const error = await thrown(rowsOf(plan));
    expect(error.message).toMatch(/map\(f\) failed at memory, row 7, \{"n":6\}: too much/);
    expect(error.details).toMatchObject({ row: 2 });
    const later = functions(scan(...numbered(10, 4)), map(async (row) => {
      if ((row["n"] as number) >= 6) throw new RangeError(`too much: ${String(row["n"])}`);
      return row;
    }));
    expect((await thrown(rowsOf(later))).message).toContain("too much: 6");
    expect((await thrown(rowsOf(functions(scan(...numbered(1, 1)), map(() => 3))))).message).toContain("map(f) returned 3 instead of a row object");
  });

  test("that return what can't be read are named, with place and row", async () => {
    // eslint-disable-next-line no-throw-literal, typescript/only-throw-error
    const shy = new Proxy({}, { ownKeys: () => { throw null; } });
    for (const odd of [shy, { n: 1, nested: shy }]) {
      const error = await thrown(rowsOf(functions(scan(...numbered(5, 5)), map((row) => (row["n"] === 3 ? odd : row)))));
      expect([error.code, error.message]).toEqual(["wrong-result", expect.stringContaining('map(f) failed at memory, row 4, {"n":3}: what it returned can\'t be read') as string]);
    }
  });

  test("that fail may skip, null or dead-letter the row", async () => {
    const failing = (row: Row): Row => {
      if (row["n"] === 1) throw new Error("no");
      return { n: row["n"], m: 1 };
    };
    const letters: DeadLetter[] = [];
    const with_ = (onError: "skip" | "null" | "deadLetter", ...steps: RowStep[]): Promise<Row[]> => rowsOf(functions(scan(...numbered(3, 3)), ...steps), { onError, deadLetters: async (more) => void letters.push(...more) });
    expect(await with_("skip", map(failing))).toEqual([{ n: 0, m: 1 }, { n: 2, m: 1 }]);
    expect(await with_("null", map(failing))).toEqual([{ n: 0, m: 1 }, { n: 1, m: null }, { n: 2, m: 1 }]);
    expect(await with_("null", withColumn("m", (row) => failing(row)["m"]))).toEqual([{ n: 0, m: 1 }, { n: 1, m: null }, { n: 2, m: 1 }]);
    expect(await with_("null", filter(failing))).toHaveLength(3);
    expect(await with_("deadLetter", map(async (row) => failing(row)))).toEqual([{ n: 0, m: 1 }, { n: 2, m: 1 }]);
    expect(letters).toMatchObject([{ row: { n: 1 }, step: "map(f)", attempts: 1, source: "memory, row 2", error: { message: "no" } }]);
    // A step's own word goes before the run's.
    expect(await with_("deadLetter", map(failing, { onError: "skip" }))).toHaveLength(2);
    expect(letters).toHaveLength(1);
  });

  test("that change row counts can't null", async () => {
    const plan = functions(scan(), flatMap(() => []));
    expect(() => execute(plan, { host: noActors, resources: { cpus: 1, gpus: 0, memory: 1 }, onError: "null" })).toThrow(/null.*flatMap\(spread\)/);
  });

  test("that fail too often end the run", async () => {
    const failing = map((row) => {
      if ((row["n"] as number) % 2 === 0) throw new Error("even");
      return row;
    });
    expect(await rowsOf(functions(scan(...numbered(10, 2)), failing), { onError: "skip", maxErrors: 5 })).toHaveLength(5);
    expect(await thrown(rowsOf(functions(scan(...numbered(10, 2)), failing), { onError: "skip", maxErrors: 4 }))).toMatchObject({ code: "too-many-errors" });
  });
});
