import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Row } from "@shoal/core";
import { fromItems } from "@shoal/io";
import { plan, type PhysicalOperator } from "@shoal/planner";
import { KeptSteps } from "./kept-steps.ts";

function steps(map: (row: Row) => Row, limit: number): PhysicalOperator {
  const source = fromItems([{ a: 1 }]);
  return plan({ kind: "limit", rows: limit, input: { kind: "map", input: { kind: "read", source }, step: { name: "clean", run: map } } }, { preserveOrder: true, onError: "fail" }).physical;
}

test("what differs from the job that a run was kept of is said by its steps, of several jobs from the most alike; the same job has nothing to say", async () => {
  const folder = await mkdtemp(join(tmpdir(), "shoal-steps-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const one = steps((row) => row, 7);
  expect(await new KeptSteps(folder).note("one", one)).toBeUndefined();
  expect(await new KeptSteps(folder).note("one", one)).toBeUndefined();
  expect(await new KeptSteps(folder).note("two", steps((row) => ({ ...row }), 7))).toEqual([expect.stringMatching(/^Step 3, .*: its code has changed\.$/)]);
  expect(await new KeptSteps(folder).note("three", steps((row) => ({ ...row }), 8))).toEqual(["Step 1, read items(1): limit was 7 and is 8.", "Step 2, limit: rows was 7 and is 8."]);
  expect(await new KeptSteps(folder).note("four", one)).toBeUndefined();
});
