// Rows 5, 16 and 17 of the fault table, as far as the gateway is concerned.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createGateway, memoryEngine, type Engine, type Gateway } from "@shoal/cluster";
import { openEmbeddedEngine } from "@shoal/cluster/embedded";
import { ShoalError, sliceBlock } from "@shoal/core";
import { decodeBlock } from "@shoal/core/arrow";
import { FakeClock, seededRandom } from "@shoal/testing";
import { expect, onTestFinished, test } from "vitest";
import { closeLater, openGateway, passUntil } from "./open-gateway.ts";
import { blockBytes, numbers, ScriptedDriver, segmentWith } from "./scripted-driver.ts";
import { doubles, ScriptedWorker, twice } from "./scripted-worker.ts";
import { until } from "./until.ts";

const blocks = numbers(6);

/** One life of a coordinator after another, over one folder. */
class Lives {
  readonly #folder = mkdtempSync(join(tmpdir(), "shoal-gateway-"));
  readonly #random = seededRandom(1);
  #engine: Engine | undefined;

  constructor() {
    onTestFinished(async () => {
      await this.#engine?.close();
      rmSync(this.#folder, { recursive: true, force: true });
    });
  }

  /** The gateway before is dropped as it is: its folder is let go, for in this process the lock would still stand, and nothing else is. */
  async next(): Promise<Gateway> {
    await this.#engine?.close();
    const clock = new FakeClock();
    this.#engine = await openEmbeddedEngine(this.#folder, { clock });
    return createGateway({ engine: this.#engine, clock, random: () => this.#random.next(), secret: new Uint8Array(32).fill(7), name: "test" });
  }

  get engine(): Engine {
    if (this.#engine === undefined) throw new Error("no life yet");
    return this.#engine;
  }
}

test("what was committed before a kill is not leased again, and what a worker still holds is committed", async () => {
  const lives = new Lives();
  const first = await lives.next();
  const driver = new ScriptedDriver({ blocks }).connect(first);
  // Five blocks are done; of the last one the result is held back.
  const worker = new ScriptedWorker("a", { script: (block, leased) => (leased.task.block === 5 ? "silent" : doubles(block, leased)) }).connect(first);
  await until(() => driver.done.size === 5);
  const last = await until(() => worker.tasks.find(({ task }) => task.block === 5));

  const second = await lives.next();
  const again = new ScriptedDriver({ blocks }).connect(second);
  await until(() => again.done.size === 5);
  expect(again.all("accepted")).toMatchObject([{ committedBlocks: 5, before: [{ rows: 20, runs: [[0, 5]] }] }]);
  // Nobody knows any more what it was called for people.
  expect(again.parts(0)).toMatchObject([{ message: { worker: "a worker that left" } }]);
  expect(second.snapshot().jobs).toMatchObject([{ rowsDone: 20, rowsBefore: 20 }]);
  worker.script = () => "silent";
  worker.connect(second);
  await worker.result(last, twice(decodeBlock(blockBytes(blocks[5] ?? []))));
  await again.finished();
  expect(again.values()).toEqual(blocks.flat().map((n) => 2 * n));
  await until(() => worker.held.size === 0);
  expect(worker.all("refuse")).toEqual([]);
  // Nothing but the last block can have been leased again.
  expect(new Set(worker.tasks.slice(6).map(({ task }) => task.block))).toEqual(worker.tasks.length > 6 ? new Set([5]) : new Set());
});

test("a result that comes before its driver waits for it; where none comes it is refused after a while", async () => {
  const lives = new Lives();
  const first = await lives.next();
  new ScriptedDriver({ blocks: numbers(1) }).connect(first);
  const worker = new ScriptedWorker("a", { script: () => "silent" }).connect(first);
  const leased = await worker.task();

  const second = await lives.next();
  worker.connect(second);
  await worker.result(leased, twice(decodeBlock(blockBytes(numbers(1)[0] ?? []))));
  const driver = new ScriptedDriver({ blocks: numbers(1) }).connect(second);
  await driver.finished();
  await until(() => worker.held.size === 0);

  const clock = new FakeClock();
  const opened = await openGateway({ clock });
  closeLater(opened);
  const stranger = new ScriptedWorker("b", { script: () => "silent" }).connect(opened.gateway);
  await stranger.result({ task: { job: "unknown", segment: 0, block: 0, first: 0, rows: 4 }, attempt: { epoch: 1, number: 1 } }, twice(decodeBlock(blockBytes([1, 2, 3, 4]))));
  await clock.advance(50_000);
  expect(stranger.all("refuse")).toEqual([]);
  await passUntil(clock, () => {
    // It is heard all the while.
    stranger.say({ kind: "beat", rows: 0, state: "waiting" });
    return stranger.all("refuse").length > 0;
  }, 1_000);
  expect(opened.gateway.snapshot().refused).toEqual({ "unknown-job": 1 });
});

test("a block that changed since it was committed fails the job, and is named", async () => {
  const lives = new Lives();
  const first = await lives.next();
  const driver = new ScriptedDriver({ blocks }).connect(first);
  new ScriptedWorker("a").connect(first);
  await driver.finished();

  const second = await lives.next();
  const again = new ScriptedDriver({ blocks: blocks.map((block, at) => (at === 3 ? [1, 2, 3, 4] : block)) }).connect(second);
  expect(await again.failure()).toMatchObject({ code: "input-changed", message: expect.stringContaining("Block 3 of double(doubler) (segment 0, 4 rows)"), details: { segment: 0, block: 3, rows: 4 } });
  expect(second.snapshot().jobs[0]).toMatchObject({ state: "failed", error: { code: "input-changed" } });

  const third = await lives.next();
  const cutAnew = new ScriptedDriver({ blocks: [[...(blocks[0] ?? []), 9], ...blocks.slice(1)] }).connect(third);
  expect(await cutAnew.failure()).toMatchObject({ code: "input-changed", details: { block: 0, rows: 5 } });
});

test("a result of rows that have changed since, over a restart, is not taken for one of these", async () => {
  const lives = new Lives();
  const first = await lives.next();
  new ScriptedDriver({ blocks: [[1, 2]] }).connect(first);
  const worker = new ScriptedWorker("a", { script: () => "silent" }).connect(first);
  const leased = await worker.task();

  const second = await lives.next();
  const driver = new ScriptedDriver({ blocks: [[3, 4]] }).connect(second);
  await until(() => driver.offered === 1);
  worker.connect(second);
  await worker.result(leased, twice(decodeBlock(blockBytes([1, 2]))));
  await until(() => worker.all("refuse").length === 1);
  worker.script = doubles;
  worker.disconnect();
  worker.connect(second);
  await driver.finished();
  expect(driver.values()).toEqual([6, 8]);
  expect(second.snapshot().refused).toEqual({ "stale-result": 1 });
});

test("a full disk pauses the job, tells why, loses nothing, and goes on by itself", async () => {
  const clock = new FakeClock();
  const inner = memoryEngine({ clock });
  let isFull = true;
  const engine: Engine = {
    ...inner,
    blobs: {
      get: (sha256, range) => inner.blobs.get(sha256, range), size: (sha256) => inner.blobs.size(sha256), collect: (isReferenced, graceMs) => inner.blobs.collect(isReferenced, graceMs),
      put: async (sha256, bytes) => {
        if (isFull) throw new ShoalError("disk-full", "The disk is full.", { hint: "Make room." });
        return inner.blobs.put(sha256, bytes);
      },
    },
  };
  const notices: string[] = [];
  const opened = await openGateway({ engine, clock, onNotice: (message) => notices.push(message) });
  closeLater(opened);
  const { gateway } = opened;
  const many = numbers(48);
  const warnings: Error[] = [];
  const warn = (warning: Error): void => void warnings.push(warning);
  process.on("warning", warn);
  onTestFinished(() => void process.off("warning", warn));
  const driver = new ScriptedDriver({ blocks: many }).connect(gateway);
  const workers = Array.from({ length: 24 }, (_, at) => new ScriptedWorker(`worker ${at}`, { script: () => "silent" }).connect(gateway));
  await until(() => workers.every(({ tasks }) => tasks.length > 0));
  for (const worker of workers) {
    worker.script = doubles;
    for (const leased of worker.tasks) void worker.result(leased, twice(decodeBlock(blockBytes(many[leased.task.block] ?? []))));
  }
  // More than ten results wait: of listeners to one signal, Node would say that they leak.
  await until(() => gateway.snapshot().paused !== undefined);
  await until(() => workers.every(({ held }) => held.size > 0));
  expect(gateway.snapshot()).toMatchObject({ paused: "The disk is full. Make room.", jobs: [{ state: "paused", bottleneck: "Results can't be stored: The disk is full. Make room." }] });
  expect([driver.done.size, workers.flatMap((worker) => worker.all("settle")).length]).toEqual([0, 0]);
  await clock.advance(3_000);
  isFull = false;
  await passUntil(clock, () => driver.done.size === many.length);
  expect(gateway.snapshot().paused).toBeUndefined();
  expect(driver.values()).toEqual(many.flat().map((n) => 2 * n));
  expect(notices).toEqual([expect.stringContaining("The disk is full"), expect.stringContaining("goes on")]);
  expect(warnings).toEqual([]);
});

test("a job whose ledger is read while the disk becomes full is leased to nobody until there is room", async () => {
  const clock = new FakeClock();
  const inner = memoryEngine({ clock });
  const { ledger, blobs } = inner;
  let isFull = true;
  let opens = (): void => {};
  const isOpening = new Promise<void>((resolve) => (opens = resolve));
  const engine: Engine = {
    ...inner,
    ledger: {
      open: (job) => ledger.open(job), remove: (job) => ledger.remove(job), jobs: () => ledger.jobs(), commit: (...args) => ledger.commit(...args), committed: (...args) => ledger.committed(...args),
      note: (...args) => ledger.note(...args), replay: (...args) => ledger.replay(...args), follow: (...args) => ledger.follow(...args),
      append: async (job, ...args) => {
        if (job === "late") await isOpening;
        return ledger.append(job, ...args);
      },
    },
    blobs: {
      get: (sha256, range) => blobs.get(sha256, range), size: (sha256) => blobs.size(sha256), collect: (isReferenced, graceMs) => blobs.collect(isReferenced, graceMs),
      put: async (sha256, bytes) => {
        if (isFull) throw new ShoalError("disk-full", "The disk is full.", { hint: "Make room." });
        return blobs.put(sha256, bytes);
      },
    },
  };
  const opened = await openGateway({ engine, clock });
  closeLater(opened);
  const { gateway } = opened;
  const late = new ScriptedDriver({ job: "late" }).connect(gateway);
  await until(() => gateway.snapshot().jobs.length === 1);
  new ScriptedDriver({ job: "early" }).connect(gateway);
  new ScriptedWorker("a").connect(gateway);
  await until(() => gateway.snapshot().paused !== undefined);
  opens();
  await until(() => late.offered > 0);
  const free = new ScriptedWorker("b").connect(gateway);
  await free.welcome();
  await clock.advance(500);
  expect(gateway.snapshot().jobs.find(({ job }) => job === "late")).toMatchObject({ state: "paused" });
  expect(free.all("lease")).toEqual([]);
  isFull = false;
  await passUntil(clock, () => late.done.size === late.blocks.length);
});

test.each(["fail", "skip"] as const)("a row that failed under %s is tried again by whoever goes on only where it had ended the run", async (onError) => {
  const lives = new Lives();
  const description = { segments: [segmentWith({ onError })] };
  const first = await lives.next();
  const failed = new ScriptedDriver({ blocks, description }).connect(first);
  const error = { code: "bad-disk", message: "A file could not be read here." };
  const ill = new ScriptedWorker("ill", { script: (block, leased) => (leased.task.block === 3 ? { block: twice(sliceBlock(block, 1)), failures: [{ row: 0, attempts: 1, error }] } : doubles(block, leased)) }).connect(first);
  await failed.finished();
  expect(failed.all("part").flatMap(({ failures }) => failures)).toMatchObject([{ row: 0, error }]);

  const second = await lives.next();
  const again = new ScriptedDriver({ blocks, description }).connect(second);
  const well = new ScriptedWorker("well").connect(second);
  await again.finished();
  expect(again.all("accepted")).toMatchObject([{ committedBlocks: onError === "fail" ? 5 : 6 }]);
  expect(again.all("part").flatMap(({ failures }) => failures)).toHaveLength(onError === "fail" ? 0 : 1);
  expect(well.tasks.map(({ task }) => task.block)).toEqual(onError === "fail" ? [3] : []);
  expect(ill.all("refuse")).toEqual([]);
});
