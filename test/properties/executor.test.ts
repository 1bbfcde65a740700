import { execute, formatStats, runToSink } from "@shoal/executor";
import { memorySink } from "@shoal/testing";
import { describe, expect, test } from "vitest";
import { numbered, poolOf, recutOf, rowsOf, scanOf, world } from "./plans.ts";

describe("a run without faults", () => {
  test("gives every row once, in order, with what was predicted beside it", async () => {
    const { environment, host, seen } = world();
    const execution = execute(poolOf(recutOf(scanOf(numbered(1000)))), environment);
    const rows = await rowsOf(execution);
    expect(rows).toEqual(Array.from({ length: 1000 }, (_, id) => ({ id, text: `row ${id}`, doubled: 2 * id })));
    expect(seen.flatMap((batch) => batch.ids).toSorted((a, b) => a - b)).toEqual(rows.map((row) => row["id"]));
    expect(host.alive).toBe(0);
    console.log(formatStats(execution.stats()));
  });

  test("fills a sink and publishes it", async () => {
    const { environment } = world();
    const sink = memorySink();
    const { result, stats } = await runToSink(poolOf(recutOf(scanOf(numbered(300)))), sink, environment);
    expect(sink.state).toBe("published");
    expect(result.rows).toBe(300);
    expect(stats.stages.map((stage) => stage.rowsOut)).toEqual([300, 300, 300]);
  });
});
