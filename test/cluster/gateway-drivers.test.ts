// Drivers of a gateway: they go, come again, are followed by others, and send files.
import { createHash } from "node:crypto";
import { memoryEngine, type Engine, type SegmentDescription } from "@shoal/cluster";
import { FakeClock, memoryFiles } from "@shoal/testing";
import { expect, test } from "vitest";
import { closeLater, openGateway, passUntil } from "./open-gateway.ts";
import { doubler, numbers, ScriptedDriver } from "./scripted-driver.ts";
import { doubles, ScriptedWorker } from "./scripted-worker.ts";
import { until } from "./until.ts";

const blocks = numbers(8);

test("a job whose driver is gone goes on for a while, then waits for it; what came back is not lost", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway, clock } = opened;
  const driver = new ScriptedDriver({ blocks, ends: false }).connect(gateway);
  const worker = new ScriptedWorker("a", { script: (block, leased) => (leased.task.block < 4 ? doubles(block, leased) : "silent") }).connect(gateway);
  const alive = (): void => worker.say({ kind: "beat", rows: 0, state: "waiting" });
  await until(() => worker.tasks.some(({ task }) => task.block === 4));
  driver.disconnect();
  await until(() => gateway.snapshot().jobs[0]?.bottleneck.includes("that brought it is gone"));
  await until(() => gateway.snapshot().jobs[0]?.rowsDone === 16);
  await passUntil(clock, () => {
    alive();
    return gateway.snapshot().jobs[0]?.state === "paused";
  }, 1_000);
  // What it had is welcome; more of it is not leased.
  worker.script = doubles;
  worker.disconnect();
  worker.connect(gateway);
  await worker.welcome();
  const before = worker.tasks.length;
  await clock.advance(5_000);
  expect(worker.tasks.length).toBe(before);

  const again = new ScriptedDriver({ blocks }).connect(gateway);
  await passUntil(clock, () => {
    alive();
    return again.done.size === blocks.length;
  });
  expect(again.values()).toEqual(blocks.flat().map((n) => 2 * n));
  expect(again.all("accepted")).toMatchObject([{ committedBlocks: 4 }]);
  expect(gateway.snapshot().jobs).toMatchObject([{ state: "done", rowsDone: 32 }]);
});

test("a driver that stays away is forgotten, and its ledger is not", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway, clock } = opened;
  const driver = new ScriptedDriver({ blocks: numbers(2), ends: false }).connect(gateway);
  new ScriptedWorker("a").connect(gateway);
  await driver.finished();
  driver.disconnect();
  await passUntil(clock, () => gateway.snapshot().jobs.length === 0, 10_000);
  const again = new ScriptedDriver({ blocks: numbers(2) }).connect(gateway);
  await again.finished();
  expect(again.all("accepted")).toMatchObject([{ committedBlocks: 2 }]);
});

test("a driver that comes again takes its job over; another one does not, nor one with other steps", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway } = opened;
  const first = new ScriptedDriver({ blocks }).connect(gateway);
  await until(() => first.offered > 0);
  const other: SegmentDescription = { ...doubler, plan: { ...doubler.plan, numCpus: 2 } };
  const stranger = new ScriptedDriver({ blocks, description: { segments: [other] } }).connect(gateway);
  expect(await stranger.failure()).toMatchObject({ code: "job-differs" });
  const another = new ScriptedDriver({ blocks, hello: { name: "another driver" } }).connect(gateway);
  expect(await another.failure()).toMatchObject({ code: "job-taken" });
  expect(first.isClosed).toBe(false);
  const second = new ScriptedDriver({ blocks }).connect(gateway);
  await until(() => first.isClosed);
  expect(first.all("bye")).toMatchObject([{ again: false, error: { code: "job-taken" } }]);
  new ScriptedWorker("a").connect(gateway);
  await second.finished();
  expect(second.values()).toEqual(blocks.flat().map((n) => 2 * n));
});

test("a driver that is gone does not keep its job from the next one, though the job is still being opened for it", async () => {
  const clock = new FakeClock();
  const engine = memoryEngine({ clock });
  let waiting: (() => void)[] | undefined;
  const acquire: Engine["leader"]["acquire"] = async (role, ...rest) => {
    if (waiting !== undefined) await new Promise<void>((resolve) => waiting?.push(resolve));
    return engine.leader.acquire(role, ...rest);
  };
  const opened = await openGateway({ clock, engine: { ...engine, leader: { shortestTtlMs: engine.leader.shortestTtlMs, acquire } } });
  closeLater(opened);
  const { gateway } = opened;
  waiting = [];
  const first = new ScriptedDriver({ blocks, hello: { name: "a driver that is killed" } }).connect(gateway);
  await until(() => waiting?.length === 1);
  first.disconnect();
  const next = new ScriptedDriver({ blocks, hello: { name: "its next life" } }).connect(gateway);
  await until(() => next.all("welcome").length > 0 || next.all("job-failed").length > 0);
  waiting[0]?.();
  waiting = undefined;
  new ScriptedWorker("a").connect(gateway);
  await next.finished();
  expect(next.all("job-failed")).toEqual([]);
  expect(next.values()).toEqual(blocks.flat().map((n) => 2 * n));
});

test("a file is no larger than its driver has said", async () => {
  const opened = await openGateway({ files: memoryFiles() });
  closeLater(opened);
  const sha256 = "2".repeat(64);
  const driver = new ScriptedDriver({ description: { segments: [{ ...doubler, model: { hash: "1".repeat(64), files: [{ path: "model.onnx", sha256, bytes: 7 }] } }] } }).connect(opened.gateway);
  await until(() => driver.all("accepted").length === 1);
  driver.say({ kind: "file", sha256, offset: 0, last: false }, new Uint8Array(7));
  driver.say({ kind: "file", sha256, offset: 7, last: false }, new Uint8Array(1));
  await until(() => driver.isClosed);
  expect(driver.all("bye")).toMatchObject([{ error: { code: "file-too-large" } }]);
});

test("a driver is told when its file is stored; one that sends on while it isn't is sent away", async () => {
  const MiB = 2 ** 20;
  let store = (): void => {};
  const files = { ...memoryFiles(), put: () => new Promise<void>((resolve) => (store = resolve)) };
  const opened = await openGateway({ files, settings: { unheardBytes: 8 * MiB } });
  closeLater(opened);
  const sha256 = "2".repeat(64);
  const driver = new ScriptedDriver({ description: { segments: [{ ...doubler, model: { hash: "1".repeat(64), files: [{ path: "model.onnx", sha256, bytes: 100 * MiB }] } }] } }).connect(opened.gateway);
  await until(() => driver.all("accepted").length === 1);
  let offset = 0;
  const piece = (): void => {
    driver.say({ kind: "file", sha256, offset, last: false }, new Uint8Array(MiB));
    offset += MiB;
  };
  piece();
  await new Promise((resolve) => setTimeout(resolve));
  expect(driver.all("file-taken")).toEqual([]);
  store();
  await until(() => driver.all("file-taken").length === 1);
  for (let sent = 0; sent < 7; sent++) piece();
  await new Promise((resolve) => setTimeout(resolve));
  expect(driver.isClosed).toBe(false);
  piece();
  await until(() => driver.isClosed);
  expect(driver.all("bye")).toMatchObject([{ error: { code: "coordinator-busy" }, again: true }]);
});

test("a job whose driver is away is no other driver's to end", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway } = opened;
  const driver = new ScriptedDriver({ blocks: numbers(2), ends: false }).connect(gateway);
  await until(() => driver.all("ask").length > 0);
  driver.disconnect();
  const stranger = new ScriptedDriver({ job: "another" }).connect(gateway);
  await until(() => stranger.all("accepted").length === 1);
  for (const kind of ["published", "cancel"] as const) stranger.say({ kind, job: "job" });
  stranger.say({ kind: "cancel", job: "another" });
  await until(() => gateway.snapshot().jobs.find(({ job }) => job === "another")?.state === "cancelled");
  expect(gateway.snapshot().jobs.find(({ job }) => job === "job")?.state).toBe("running");
});

test("blocks are asked for once the files of the models are here", async () => {
  const files = memoryFiles();
  const opened = await openGateway({ files });
  closeLater(opened);
  const { gateway } = opened;
  const bytes = new TextEncoder().encode("a model");
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const segment: SegmentDescription = { ...doubler, model: { hash: "0".repeat(64), files: [{ path: "model.onnx", sha256, bytes: bytes.byteLength }] } };
  const driver = new ScriptedDriver({ blocks, description: { segments: [segment] } }).connect(gateway);
  new ScriptedWorker("a").connect(gateway);
  await until(() => driver.all("accepted").length === 1);
  expect(driver.all("accepted")).toMatchObject([{ missing: [sha256] }]);
  expect([driver.all("ask"), gateway.snapshot().jobs[0]?.bottleneck]).toEqual([[], "The program that brought it still sends a file of models."]);
  driver.say({ kind: "file", sha256, offset: 0, last: false }, bytes.subarray(0, 3));
  await until(() => driver.all("file-taken").length === 1);
  // Whose connection is lost goes on from where it was.
  driver.disconnect();
  driver.connect(gateway);
  await until(() => driver.all("accepted").length === 2);
  expect(driver.all("accepted").map(({ missing, arrived }) => [missing, arrived])).toEqual([[[sha256], []], [[sha256], [[sha256, 3]]]]);
  driver.say({ kind: "file", sha256, offset: 3, last: true }, bytes.subarray(3));
  await driver.finished();
  expect(await files.read(sha256, { start: 2, length: 5 })).toEqual(bytes.subarray(2));

  const spoilt = new ScriptedDriver({ job: "spoilt", description: { segments: [{ ...segment, model: { hash: "1".repeat(64), files: [{ path: "model.onnx", sha256: "2".repeat(64), bytes: 7 }] } }] } }).connect(gateway);
  await until(() => spoilt.all("accepted").length === 1);
  spoilt.say({ kind: "file", sha256: "2".repeat(64), offset: 0, last: true }, bytes);
  await until(() => spoilt.isClosed);
  expect(spoilt.all("bye")).toMatchObject([{ error: { code: "blob-mismatch" } }]);
});

test("the ledger of a job that nobody can continue goes a day after its driver is gone for good, and others stay a week", { timeout: 120_000 }, async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway, engine, clock } = opened;
  const drivers = [{ job: "passing", passing: true }, { job: "named" }].map(({ job, ...description }) => new ScriptedDriver({ job, blocks, description }).connect(gateway));
  await until(() => drivers.every((driver) => driver.all("accepted").length === 1));
  for (const driver of drivers) driver.disconnect();
  let jobs: readonly string[] = [];
  const after = async (hours: number): Promise<void> => {
    for (let minute = 0; minute < 60 * hours; minute += 10) {
      await clock.advance(600_000);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    jobs = (await engine.ledger.jobs()).filter((name) => !name.startsWith("~")).toSorted();
  };
  await after(20);
  expect(jobs).toEqual(["named", "passing"]);
  await after(10);
  expect(jobs).toEqual(["named"]);
});
