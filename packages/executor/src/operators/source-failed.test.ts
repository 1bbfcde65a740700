import { ShoalError, type Datasource } from "@shoal/core";
import type { Scan } from "@shoal/planner";
import { describe, expect, test } from "vitest";
import { numbered, rowsOf, source, thrown } from "./operator-plans.fixture.ts";

describe("a source that throws", () => {
  const flaky = (change: Partial<Datasource>): Scan => ({ kind: "scan", source: { ...source([]), name: "orders", ...change } });
  const partitions = async function* () {
    yield { id: "2026-11", version: "1" };
  };

  test("is named, with its partition and how far it came; what it threw is the cause", async () => {
    const cause = new Error("503");
    const failing = flaky({ partitions, async *read() {
      yield* numbered(3, 2);
      throw cause;
    } });
    const error = await thrown(rowsOf(failing));
    expect(error).toMatchObject({ code: "source-failed", cause, details: { source: "orders", partition: "2026-11", row: 3 } });
    expect(error.message).toMatch(/^The source orders failed, in partition 2026-11, after row 2: 503\n {2}→ A source is not asked again/);
  });

  test("keeps a code that it gave, and a ShoalError is left as it is", async () => {
    const refused = await thrown(rowsOf(flaky({ partitions: () => { throw Object.assign(new Error("refused"), { code: "ECONNREFUSED" }); } })));
    expect(refused).toMatchObject({ code: "ECONNREFUSED", message: expect.stringContaining("orders failed, while it named its partitions: refused") as string });
    const own = new ShoalError("bad-file", "It is torn.");
    expect(await thrown(rowsOf(flaky({ partitions, read: () => { throw own; } })))).toBe(own);
  });
});
