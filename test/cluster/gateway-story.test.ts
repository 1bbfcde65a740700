import { columnFromValues, createBlock } from "@shoal/core";
import { expect, test } from "vitest";
import { closeLater, openGateway } from "./open-gateway.ts";
import { numbers, ScriptedDriver } from "./scripted-driver.ts";
import { ScriptedWorker } from "./scripted-worker.ts";
import { until } from "./until.ts";

test("a driver's blocks are predicted by two workers, committed and handed back whole", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway, engine } = opened;
  // Both are there first: one alone would be through before the other is let in.
  const workers = ["a", "b"].map((name) => new ScriptedWorker(name).connect(gateway));
  for (const worker of workers) await worker.welcome();
  const driver = new ScriptedDriver({ blocks: numbers(20) }).connect(gateway);
  await driver.finished();
  expect(driver.values()).toEqual(numbers(20).flat().map((n) => 2 * n));
  expect(driver.all("accepted")).toEqual([{ kind: "accepted", job: "job", committedBlocks: 0, missing: [] }]);
  for (const worker of workers) {
    expect(worker.all("segment")).toHaveLength(1);
    expect(worker.all("welcome")[0]).toMatchObject({ name: "test" });
    await until(() => worker.held.size === 0);
    expect(worker.all("refuse")).toEqual([]);
    await until(() => worker.all("job-ended").length === 1);
  }
  const { jobs: [job], workers: seen, refused } = gateway.snapshot();
  expect(job).toMatchObject({ state: "done", rowsDone: 80, rowsTotal: 80, failedRows: 0, bottleneck: "All of it is done." });
  expect(job?.segments[0]).toMatchObject({ rowsDone: 80, blocks: { done: 20, ready: 0 }, map: [["d", 20]] });
  expect(job?.samples[0]).toMatchObject({ n: expect.any(Number), twice: expect.any(Number) });
  // They are let in in any order: each is made a key first.
  expect(Object.fromEntries(seen.map(({ worker, state }) => [worker, state]))).toEqual({ a: "waiting", b: "waiting" });
  expect(refused).toEqual({});
  const names = await engine.ledger.jobs();
  expect(names).toContain("job");
  driver.say({ kind: "published", job: "job" });
  await expect.poll(() => engine.ledger.jobs()).not.toContain("job");
});

test("rows that failed come back with their block, as they were counted", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway } = opened;
  const driver = new ScriptedDriver({ blocks: [[1, 2, 3]] }).connect(gateway);
  const worker = new ScriptedWorker("a", { script: () => "silent" }).connect(gateway);
  const leased = await worker.task();
  await worker.result(leased, createBlock({ twice: columnFromValues([2, 6]) }), { failures: [{ row: 1, attempts: 1, error: { code: "bad", message: "a bad row" } }] });
  await driver.finished();
  expect(driver.parts(0)).toMatchObject([{ message: { first: 0, rows: 3, worker: "a", failures: [{ row: 1, error: { code: "bad" } }], stats: { device: "cpu" } }, values: [2, 6] }]);
  expect(gateway.snapshot().jobs[0]).toMatchObject({ failedRows: 1, failures: [{ segment: 0, block: 0, row: 1, error: { code: "bad" } }] });
});
