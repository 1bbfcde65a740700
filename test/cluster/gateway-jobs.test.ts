import type { Block } from "@shoal/core";
import { decodeBlock } from "@shoal/core/arrow";
import { expect, test } from "vitest";
import { closeLater, openGateway, passUntil } from "./open-gateway.ts";
import { blockBytes, numbers, ScriptedDriver } from "./scripted-driver.ts";
import { doubles, ScriptedWorker, twice } from "./scripted-worker.ts";
import { until } from "./until.ts";

const blocks = numbers(8);

test("a job that is cancelled is taken from its workers", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway, engine } = opened;
  const driver = new ScriptedDriver({ blocks }).connect(gateway);
  const worker = new ScriptedWorker("a", { script: () => "silent" }).connect(gateway);
  await worker.task();
  driver.say({ kind: "cancel", job: "job" });
  await until(() => worker.all("job-ended").length === 1 && worker.all("revoke").length === 1);
  expect(worker.all("revoke")).toMatchObject([{ why: "job-ended" }]);
  expect(gateway.snapshot().jobs).toMatchObject([{ state: "cancelled", bottleneck: "The job was cancelled." }]);
  // It may be continued.
  expect(await engine.ledger.jobs()).toContain("job");
});

test("how many rows a job has is what its driver reckons, until all are there", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway } = opened;
  const driver = new ScriptedDriver({ blocks: [] }).connect(gateway);
  for (const name of ["a", "b"]) new ScriptedWorker(name, { script: () => "silent" }).connect(gateway);
  const shown = () => {
    const [{ rowsTotal, isEstimate, segments: [segment] } = { segments: [] } as never] = gateway.snapshot().jobs;
    expect([segment?.rowsTotal, segment?.isEstimate]).toEqual([rowsTotal, isEstimate]);
    return [rowsTotal, isEstimate];
  };
  const asked = (): number => driver.all("ask").reduce((sum, { blocks: more }) => sum + more, 0);
  const offer = async (block: number, more: object): Promise<void> => {
    await until(() => asked() > block);
    driver.say({ kind: "offer", job: "job", segment: 0, block, rows: 8, ...more }, blockBytes(numbers(4, 8)[block] ?? []));
    await until(() => gateway.snapshot().jobs[0]?.segments[0]?.map.reduce((sum, [, blocks]) => sum + blocks, 0) === block + 1);
  };
  // A few blocks tell nothing of how many will follow.
  await offer(0, {});
  expect(shown()).toEqual([undefined, undefined]);
  await offer(1, { expectedRows: 95_520, isEstimate: true });
  expect(shown()).toEqual([95_520, true]);
  await offer(2, {});
  expect(shown()).toEqual([95_520, true]);
  // More than were counted: at least as many as there are.
  await offer(3, { expectedRows: 30 });
  expect(shown()).toEqual([32, true]);
  driver.say({ kind: "input-ended", job: "job", segment: 0, blocks: 4 });
  await until(() => gateway.snapshot().jobs[0]?.segments[0]?.blocks.total === 4);
  expect(shown()).toEqual([32, undefined]);
});

test("two jobs share the workers, by their weights", async () => {
  const opened = await openGateway({ scheduler: { workMs: { machine: 100, tab: 100 }, maxTasksPerLease: 1 } });
  closeLater(opened);
  const { gateway, clock } = opened;
  const count = 60;
  const drivers = [["light", 1], ["heavy", 3]] as const;
  const [light, heavy] = drivers.map(([job, weight]) => new ScriptedDriver({ job, blocks: numbers(count), description: { weight } }).connect(gateway));
  const worker = new ScriptedWorker("a", { script: () => "silent" });
  await until(() => light !== undefined && heavy !== undefined && light.offered > 0 && heavy.offered > 0);
  worker.connect(gateway);
  let answered = 0;
  const order: string[] = [];
  for (let turn = 0; order.length < 40 && turn < 4_000; turn++) {
    const leased = worker.tasks[answered];
    if (leased === undefined) {
      await clock.advance(10);
      continue;
    }
    answered++;
    await clock.advance(100);
    await worker.result(leased, twice(rowsOf(leased.task.block)));
    await until(() => worker.held.size === 0);
    order.push(leased.task.job);
  }
  const heavies = order.filter((job) => job === "heavy").length;
  expect(heavies).toBeGreaterThan(24);
  expect(heavies).toBeLessThan(36);
});

function rowsOf(block: number): Block {
  return decodeBlock(blockBytes(numbers(60)[block] ?? []));
}

test("a paused worker gets nothing until it goes on, and a draining one is left in peace", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway } = opened;
  const worker = new ScriptedWorker("a", { script: () => "silent" }).connect(gateway);
  await worker.welcome();
  worker.say({ kind: "beat", rows: 0, state: "paused", notice: "the tab is hidden" });
  await until(() => gateway.snapshot().workers[0]?.state === "paused");
  expect(gateway.snapshot().workers[0]).toMatchObject({ notice: "the tab is hidden" });
  const driver = new ScriptedDriver({ blocks: numbers(1) }).connect(gateway);
  await until(() => driver.offered === 1);
  expect(worker.tasks).toEqual([]);
  worker.script = doubles;
  worker.say({ kind: "beat", rows: 0, state: "waiting" });
  await driver.finished();
  worker.say({ kind: "draining", finishing: [] });
  await until(() => gateway.snapshot().workers[0]?.state === "draining");
  const second = new ScriptedDriver({ job: "second", blocks: numbers(1) }).connect(gateway);
  await until(() => second.offered === 1);
  expect(worker.tasks).toHaveLength(1);
});

test("a worker that pauses has no rate from then on, nor has a job that nobody else is at", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway, clock } = opened;
  new ScriptedDriver({ blocks: numbers(2, 100) }).connect(gateway);
  const [worker, other] = ["a", "b"].map((name) => new ScriptedWorker(name, { script: () => "silent" }).connect(gateway)) as [ScriptedWorker, ScriptedWorker];
  const leased = await worker.task();
  await other.task();
  const rates = () => {
    const { jobs: [job], workers } = gateway.snapshot();
    return [job?.rowsPerSecond ?? 0, workers.find(({ worker: name }) => name === "a")?.rowsPerSecond ?? 0].map((rate) => rate > 0);
  };
  for (let rows = 20; rows <= 60; rows += 20) {
    await clock.advance(500);
    worker.say({ kind: "beat", rows, state: "computing", running: leased.attempt });
    await until(() => worker.all("heard").length === rows / 20);
  }
  expect(rates()).toEqual([true, true]);
  worker.say({ kind: "beat", rows: 60, state: "paused", running: leased.attempt });
  await until(() => gateway.snapshot().workers.some(({ state }) => state === "paused"));
  expect(rates()).toEqual([true, false]);
  other.say({ kind: "beat", rows: 0, state: "paused" });
  await until(() => gateway.snapshot().workers.every(({ state }) => state === "paused"));
  expect(rates()).toEqual([false, false]);
});

test("closing asks workers to leave, waits for what is on the way, and tells everybody", async () => {
  const { gateway, clock, engine } = await openGateway();
  const driver = new ScriptedDriver({ blocks: numbers(1), ends: false }).connect(gateway);
  const worker = new ScriptedWorker("a", { script: () => "silent" }).connect(gateway);
  const leased = await worker.task();
  let closed = false;
  void gateway.close().then(() => (closed = true));
  await until(() => worker.all("drain").length === 1);
  const late = new ScriptedWorker("late").connect(gateway);
  await until(() => late.isClosed);
  expect(late.bye).toMatchObject({ again: false, error: { code: "coordinator-closed" } });
  await worker.result(leased, twice(rowsOf(0)));
  await until(() => worker.all("settle").length === 1);
  await passUntil(clock, () => closed);
  expect([worker.bye, driver.all("bye").at(-1)]).toMatchObject([{ again: true }, { again: false, error: { code: "coordinator-closed" } }]);
  expect(await gateway.ended).toBeUndefined();
  expect(await engine.ledger.committed("job", "0-0-0-4")).toMatchObject({ kind: "result", rows: 4, worker: "a" });
});

test("one that may come back asks only its own process's workers to leave; the others are told to come again, with what they hold", async () => {
  const { gateway, clock, engine } = await openGateway();
  const { token } = await gateway.invite(["work"]);
  const driver = new ScriptedDriver({ blocks: numbers(2), ends: false }).connect(gateway);
  const guest = new ScriptedWorker("guest", { script: () => "silent", origin: { address: "192.0.2.1" }, hello: { token } }).connect(gateway);
  const leased = await guest.task();
  const own = new ScriptedWorker("own", { script: () => "silent" }).connect(gateway);
  await own.welcome();
  driver.say({ kind: "cancel", job: "job", again: true });
  await until(() => gateway.snapshot().jobs[0]?.state !== "running");
  let closed = false;
  void gateway.close({ again: true }).then(() => (closed = true));
  await until(() => own.all("drain").length === 1);
  own.disconnect();
  await passUntil(clock, () => closed);
  expect([guest.all("drain"), guest.all("job-ended")]).toEqual([[], []]);
  expect(guest.bye).toMatchObject({ again: true, error: { code: "coordinator-closed", message: "test was stopped; waiting for it to come back." } });
  // What it computed meanwhile counts.
  const next = await openGateway({ engine, clock });
  closeLater(next);
  new ScriptedDriver({ blocks: numbers(2), ends: false }).connect(next.gateway);
  guest.connect(next.gateway, { key: guest.all("welcome")[0]?.key ?? "" });
  await until(() => guest.all("welcome").length === 2);
  await guest.result(leased, twice(rowsOf(0)));
  await until(() => guest.all("settle").length === 1);
  expect(await engine.ledger.committed("job", "0-0-0-4")).toMatchObject({ kind: "result", worker: "guest" });
});

test("who watches is told of changes, a few times a second", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway, clock } = opened;
  let told = 0;
  const stop = gateway.watch(() => told++);
  const driver = new ScriptedDriver({ blocks }).connect(gateway);
  new ScriptedWorker("a").connect(gateway);
  await driver.finished();
  expect(told).toBe(0);
  await clock.advance(250);
  expect(told).toBe(1);
  stop();
  await clock.advance(5_000);
  expect(told).toBe(1);
});

test("of workers that are gone the last few are shown", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway } = opened;
  new ScriptedWorker("stays").connect(gateway);
  const gone: ScriptedWorker[] = [];
  // They are shown in the order in which they were welcomed.
  for (let n = 0; n < 50; n++) {
    gone.push(new ScriptedWorker(`gone ${n}`).connect(gateway));
    await until(() => gateway.snapshot().workers.length === gone.length + 1);
  }
  for (const worker of gone) worker.disconnect();
  await until(() => gateway.snapshot().workers.length === 21);
  expect(gateway.snapshot().workers.map(({ worker }) => worker)).toEqual(["stays", ...gone.slice(30).map(({ name }) => name)]);
});

test("a job whose worker is at another one says so, to its driver and to those who watch, and of which priority that is", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway, clock } = opened;
  const fleetOf = (driver: ScriptedDriver): object => {
    const { kind: _kind, job: _job, segment: _segment, ...fleet } = driver.all("fleet").at(-1) ?? {};
    return fleet;
  };
  const sentences = (): string[] => gateway.snapshot().jobs.map(({ bottleneck }) => bottleneck);
  const calm = new ScriptedDriver({ job: "calm", blocks }).connect(gateway);
  const worker = new ScriptedWorker("a", { script: () => "silent" }).connect(gateway);
  const first = await worker.task();
  const urgent = new ScriptedDriver({ job: "urgent", blocks, description: { priority: 5 } }).connect(gateway);
  await passUntil(clock, () => urgent.all("fleet").length > 0, 1000);
  const before = [calm, urgent].map(fleetOf);
  expect(before).toEqual([{ workers: 1, busy: 1, loading: 0 }, { workers: 1, busy: 0, loading: 0, atOtherJobs: 1 }]);
  expect(sentences()[1]).toBe("It waits: the worker is at another job.");
  // What it has is done in the order in which it was leased.
  await worker.result(first, twice(decodeBlock(blockBytes(blocks[first.task.block] ?? []))));
  for (let at = 1; ; at++) {
    const leased = await worker.task(at);
    if (leased.task.job === "urgent") break;
    await worker.result(leased, twice(decodeBlock(blockBytes(blocks[leased.task.block] ?? []))));
  }
  await passUntil(clock, () => "atOtherJobs" in fleetOf(calm), 1000);
  expect([calm, urgent].map(fleetOf)).toEqual([{ workers: 1, busy: 0, loading: 0, atOtherJobs: 1 }, { workers: 1, busy: 1, loading: 0 }]);
  expect(sentences()[0]).toBe("It waits: the worker is at another job of higher priority.");
  expect(gateway.snapshot().jobs[0]).not.toHaveProperty("etaMs");
});
