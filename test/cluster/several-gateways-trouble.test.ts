// Gateways whose engine takes nothing, or does not answer, and goes on.
import type { CommitRecord } from "@shoal/cluster";
import { ShoalError } from "@shoal/core";
import { expect, test } from "vitest";
import { passUntil } from "./open-gateway.ts";
import { numbers, ScriptedDriver } from "./scripted-driver.ts";
import { ScriptedWorker } from "./scripted-worker.ts";
import { boundLedger, jobOf, severalGateways } from "./several-gateways.ts";
import { until } from "./until.ts";

const blocks = numbers(4);

test("a ledger that refuses what is to be written is told of once, and to the driver; when it takes it, the job goes on", async () => {
  let isFull = true;
  const notices: string[] = [];
  const several = await severalGateways(1, { onNotice: (message) => notices.push(message), wrap: (engine) => ({ ...engine, ledger: { ...boundLedger(engine.ledger), commit: (job, block, record) => isFull && job === "job"
    ? Promise.resolve({ outcome: "undecided", reason: new ShoalError("engine-refused", "It refused to commit a block: the limits are exceeded.", { hint: "Raise them." }) })
    : engine.ledger.commit(job, block, record) } }) });
  const worker = several.connect(new ScriptedWorker("worker"), several.at(0));
  const driver = several.connect(new ScriptedDriver({ blocks }), several.at(0));
  // Results are looked at beside this thread: the clock does not know how long that takes.
  await passUntil(several.clock, () => {
    worker.beat();
    return notices.length > 0;
  });
  const since = several.clock.now();
  await passUntil(several.clock, () => {
    worker.beat();
    return several.clock.now() - since > 60_000;
  }, 500);
  expect(driver.all("fleet").at(-1)?.notice).toMatch(/limits are exceeded[^]*Raise them/);
  expect(notices).toEqual([expect.stringMatching(/Nothing can be stored now[^]*limits are exceeded/)]);
  isFull = false;
  await passUntil(several.clock, () => {
    worker.beat();
    return driver.done.size === blocks.length;
  }, 500);
  expect(notices).toHaveLength(2);
});

test("an engine that does not answer is told of once, whatever its blobs do meanwhile", async () => {
  let isAway = false;
  const notices: string[] = [];
  const reason = new ShoalError("engine-unreachable", "Nobody answers.", { hint: "Start it." });
  const several = await severalGateways(1, { onNotice: (message) => notices.push(message), wrap: (engine) => ({ ...engine, status: () => (isAway ? { state: "paused", reason } : { state: "running" }),
    ledger: { ...boundLedger(engine.ledger), commit: (job, block, record) => (isAway ? Promise.resolve({ outcome: "undecided", reason }) : engine.ledger.commit(job, block, record)) } }) });
  const worker = several.connect(new ScriptedWorker("worker"), several.at(0));
  isAway = true;
  const driver = several.connect(new ScriptedDriver({ blocks }), several.at(0));
  await passUntil(several.clock, () => {
    worker.beat();
    return notices.length > 0;
  });
  const since = several.clock.now();
  await passUntil(several.clock, () => {
    worker.beat();
    return several.clock.now() - since > 20_000;
  }, 500);
  expect(notices).toHaveLength(1);
  isAway = false;
  await passUntil(several.clock, () => {
    worker.beat();
    return driver.done.size === blocks.length;
  }, 500);
  expect(notices).toHaveLength(2);
});

test("an engine that answers again ends the pause, also where its answer is that another was first", async () => {
  let isAway = false;
  const notices: string[] = [];
  const reason = new ShoalError("engine-unreachable", "Nobody answers.", { hint: "Start it." });
  const written = new Map<string, CommitRecord>();
  const several = await severalGateways(1, { onNotice: (message) => notices.push(message), wrap: (engine) => ({ ...engine, status: () => (isAway ? { state: "paused", reason } : { state: "running" }),
    ledger: { ...boundLedger(engine.ledger), commit: (job, block, record) => {
      if (!isAway) return engine.ledger.commit(job, block, record);
      written.set(block, record);
      return Promise.resolve({ outcome: "undecided", reason });
    } } }) });
  const { clock, engine } = several;
  several.connect(new ScriptedWorker("worker"), several.at(0));
  isAway = true;
  several.connect(new ScriptedDriver({ blocks: numbers(1) }), several.at(0));
  await passUntil(clock, () => notices.length === 1);
  for (const [block, record] of written) expect(await engine.ledger.commit("job", block, { ...record, attempt: "of another" })).toMatchObject({ outcome: "accepted" });
  const backAt = clock.now();
  isAway = false;
  await passUntil(clock, () => notices.length === 2);
  expect(clock.now() - backAt).toBeLessThan(5_000);
});

test("a ledger that is removed while its job runs fails the job at its home, and its guests let go of it", async () => {
  const several = await severalGateways(2);
  const many = numbers(400);
  const workers = [0, 1].map((index) => several.connect(new ScriptedWorker(`worker ${index}`, { pace: { clock: several.clock, ms: 100 } }), several.at(index)));
  const driver = several.connect(new ScriptedDriver({ blocks: many }), several.at(0));
  const beat = (): void => workers.forEach((worker) => worker.beat());
  await passUntil(several.clock, () => {
    beat();
    return (several.at(1).gateway.snapshot().helps?.[0]?.rowsDone ?? 0) > 0;
  });
  expect(several.at(0).gateway.snapshot().workers.find(({ label }) => label.startsWith("other gateways"))).toMatchObject({ device: "cpu", state: "computing" });
  await several.engine.ledger.remove("job");
  await passUntil(several.clock, () => {
    beat();
    return driver.all("job-failed").length === 1 && several.at(1).gateway.snapshot().helps === undefined;
  });
  expect(driver.all("job-failed")).toMatchObject([{ error: { code: "ledger-gone" } }]);
  expect(jobOf(several.at(0))).toMatchObject({ state: "failed", error: { code: "ledger-gone" } });
  await until(() => workers.every((worker) => worker.all("job-ended").length > 0));
});

test("a gateway that can store nothing takes nothing of others, until it can", async () => {
  let [isFull, hasFailed, taken] = [true, false, 0];
  const several = await severalGateways(2, { wrap: (engine, name) => (name !== "gateway 1" ? engine : {
    ...engine,
    blobs: { get: (...args) => engine.blobs.get(...args), size: (sha256) => engine.blobs.size(sha256), collect: (...args) => engine.blobs.collect(...args), put: async (sha256, bytes) => {
      if (!isFull) return engine.blobs.put(sha256, bytes);
      hasFailed = true;
      throw new ShoalError("disk-full", "The disk is full.", { hint: "Make room." });
    } },
    queue: { leaseMs: engine.queue.leaseMs, offer: (task) => engine.queue.offer(task), pull: async (...args) => {
      const leases = await engine.queue.pull(...args);
      if (isFull && hasFailed) taken += leases.length;
      return leases;
    } },
  }) });
  const driver = several.connect(new ScriptedDriver({ blocks }), several.at(0));
  const worker = several.connect(new ScriptedWorker("elsewhere"), several.at(1));
  await passUntil(several.clock, () => hasFailed);
  // What it waited for when the disk was full may still come.
  taken = 0;
  const since = several.clock.now();
  await passUntil(several.clock, () => {
    worker.beat();
    return several.clock.now() - since > 40_000;
  });
  expect(taken).toBeLessThanOrEqual(1);
  isFull = false;
  await passUntil(several.clock, () => {
    worker.beat();
    return driver.done.size === blocks.length;
  });
});
