// What gateways of one engine may and may not do for each other: claims, volunteers, code, blobs, and what one alone pays.
import { memoryEngine, sha256Of, type Engine, type QueuedTask } from "@shoal/cluster";
import { sliceBlock } from "@shoal/core";
import { decodeBlock } from "@shoal/core/arrow";
import { FakeClock } from "@shoal/testing";
import { expect, test } from "vitest";
import { closeLater, openGateway, passUntil } from "./open-gateway.ts";
import { blockBytes, numbers, ScriptedDriver, segmentWith } from "./scripted-driver.ts";
import { ScriptedWorker, twice } from "./scripted-worker.ts";
import { boundLedger, jobOf, severalGateways } from "./several-gateways.ts";
import { until } from "./until.ts";

const blocks = numbers(4);
const outside = { address: "192.0.2.1" };
const rowsOf = (block: number) => decodeBlock(blockBytes(blocks[block] ?? []));

/** A worker that was leased a block by the home, and comes to a gateway that knows nothing of the job. */
async function strayResult(change: { readonly input?: string; readonly volunteer?: boolean } = {}) {
  const several = await severalGateways(2);
  const { token } = await several.at(0).gateway.invite(["work"], { volunteer: change.volunteer === true });
  const driver = several.connect(new ScriptedDriver({ blocks, description: { volunteers: true } }), several.at(0));
  const worker = several.connect(new ScriptedWorker("stray", { script: () => "silent", origin: outside, hello: { token } }), several.at(0));
  const leased = await worker.task();
  const { key } = await worker.welcome();
  worker.disconnect();
  several.connect(worker, several.at(1), { key });
  await until(() => worker.all("welcome").length === 2);
  await worker.result(leased, twice(rowsOf(leased.task.block)), change.input === undefined ? {} : { input: change.input });
  return { several, driver, worker, leased };
}

test("a result that is brought to another gateway is noted there, its worker is settled, and the home commits it as its own", async () => {
  const { several, driver, worker, leased } = await strayResult();
  await passUntil(several.clock, () => worker.held.size === 0);
  expect(worker.all("refuse")).toEqual([]);
  await passUntil(several.clock, () => driver.done.has(leased.task.block));
  expect(await several.engine.ledger.committed("job", `0-${leased.task.block}-0-4`)).toMatchObject({ kind: "result", worker: "stray", epoch: leased.attempt.epoch, number: leased.attempt.number });
  expect(driver.parts(leased.task.block)).toMatchObject([{ values: blocks[leased.task.block]?.map((n) => 2 * n) }]);
  expect(several.at(1).gateway.snapshot()).toMatchObject({ jobs: [], helps: [{ job: "job" }] });
});

test("one that is being noted when its gateway comes to lead the job is computed by nobody else", { timeout: 60_000 }, async () => {
  let letNote = (): void => {};
  const mayNote = new Promise<void>((resolve) => (letNote = resolve));
  const several = await severalGateways(2, { wrap: (engine) => ({ ...engine, ledger: { ...boundLedger(engine.ledger), note: async (job, record) => {
    if (record["kind"] === "claim") await mayNote;
    return engine.ledger.note(job, record);
  } } }) });
  const { token } = await several.at(0).gateway.invite(["work"]);
  // Near the end of a job idle workers run what others have begun.
  const driver = several.connect(new ScriptedDriver({ blocks, ends: false }), several.at(0));
  const stray = several.connect(new ScriptedWorker("stray", { script: () => "silent", origin: outside, hello: { token } }), several.at(0));
  const leased = await stray.task();
  const { key } = await stray.welcome();
  several.at(0).kill();
  several.connect(stray, several.at(1), { key });
  await until(() => stray.all("welcome").length === 2);
  await stray.result(leased, twice(rowsOf(leased.task.block)));
  // It takes nothing more.
  stray.say({ kind: "ready", credit: 0 });
  several.connect(driver, several.at(1));
  await passUntil(several.clock, () => driver.all("accepted").length === 2);
  const other = several.connect(new ScriptedWorker("other"), several.at(1));
  await passUntil(several.clock, () => {
    other.beat();
    return driver.done.size === blocks.length - 1;
  });
  letNote();
  await passUntil(several.clock, () => driver.done.size === blocks.length);
  expect(await several.engine.ledger.committed("job", `0-${leased.task.block}-0-4`)).toMatchObject({ worker: "stray" });
  expect(other.tasks.map(({ task }) => task.block)).not.toContain(leased.task.block);
});

test("one of other rows than the home has is of no use and does no harm", async () => {
  const { several, driver, worker } = await strayResult({ input: "f".repeat(64) });
  await passUntil(several.clock, () => worker.held.size === 0);
  several.connect(new ScriptedWorker("honest"), several.at(0));
  await passUntil(several.clock, () => {
    worker.beat();
    return driver.done.size === blocks.length;
  });
  expect(driver.values()).toEqual(blocks.flat().map((n) => 2 * n));
  expect(several.at(0).gateway.snapshot().refused).toEqual({ "stale-result": 1 });
});

test("nobody gives results for blocks that he never had by naming another gateway's attempts", async () => {
  const several = await severalGateways(2);
  const { token } = await several.at(0).gateway.invite(["work"], { volunteer: true });
  const many = numbers(12);
  const forger = several.connect(new ScriptedWorker("forger", { script: () => "silent", origin: outside, hello: { token } }), several.at(0));
  const { key } = await forger.welcome();
  const driver = several.connect(new ScriptedDriver({ blocks: many, description: { volunteers: true } }), several.at(0));
  const helper = several.connect(new ScriptedWorker("helper", { script: () => "silent" }), several.at(1));
  await passUntil(several.clock, () => {
    helper.beat();
    return helper.tasks.length > 0;
  });
  const epoch = helper.tasks[0]?.attempt.epoch ?? 0;
  several.connect(forger, several.at(0), { key });
  await until(() => forger.all("welcome").length === 2);
  const wrong = twice(decodeBlock(blockBytes([7, 7, 7, 7])));
  for (const input of [undefined, "f".repeat(64)]) for (let block = 4; block < many.length; block++) await forger.result({ task: { job: "job", segment: 0, block, first: 0, rows: 4 }, attempt: { epoch, number: 1_000 + block } }, wrong, input === undefined ? {} : { input });
  const honest = several.connect(new ScriptedWorker("honest"), several.at(0));
  helper.disconnect();
  await passUntil(several.clock, () => {
    honest.beat();
    return driver.done.size === many.length;
  }, 500);
  expect(driver.values()).toEqual(many.flat().map((n) => 2 * n));
  expect(several.at(0).gateway.snapshot().refused["forged-result"]).toBeGreaterThan(0);
});

test("what a volunteer says of rows that are not there is not noted", async () => {
  const { several, worker } = await strayResult({ volunteer: true });
  await passUntil(several.clock, () => worker.all("refuse").length === 1, 1_000);
  const kinds: string[] = [];
  for await (const entry of several.engine.ledger.replay("job")) kinds.push(entry.kind === "note" ? String(entry.record["kind"]) : entry.kind);
  expect(kinds).toContain("append");
  expect(kinds).not.toContain("claim");
});

test("blocks that are not for volunteers, or come with code, are lent to no gateway whose workers must not have them", async () => {
  const offered: QueuedTask[] = [];
  const several = await severalGateways(2, { wrap: (engine) => ({ ...engine, queue: { leaseMs: engine.queue.leaseMs, pull: (...args) => engine.queue.pull(...args), offer: (task) => {
    offered.push(task);
    return engine.queue.offer(task);
  } } }) });
  const { token } = await several.at(1).gateway.invite(["work"], { volunteer: true });
  const volunteer = several.connect(new ScriptedWorker("volunteer", { origin: outside, hello: { token } }), several.at(1));
  await volunteer.welcome();
  const secret = several.connect(new ScriptedDriver({ job: "secret", blocks }), several.at(0));
  const open = several.connect(new ScriptedDriver({ job: "open", blocks, description: { volunteers: true } }), several.at(0));
  await passUntil(several.clock, () => {
    volunteer.beat();
    return open.done.size === blocks.length;
  });
  expect([secret.done.size, new Set(volunteer.tasks.map(({ task }) => task.job))]).toEqual([0, new Set(["open"])]);
  expect(offered.filter(({ class: name }) => !name.startsWith("want-")).every(({ class: name, body }) => name === "cpu" && body["job"] === "open")).toBe(true);
  // Somebody of one's own.
  several.connect(new ScriptedWorker("own"), several.at(1));
  await passUntil(several.clock, () => secret.done.size === blocks.length);
  expect(offered.some(({ class: name }) => name === "cpu-own")).toBe(true);
});

test("a gateway that is alone stores nothing twice, lends nothing, and offers a want every few seconds at most", async () => {
  const clock = new FakeClock();
  const engine = memoryEngine({ clock });
  const offered: QueuedTask[] = [];
  const stored: number[] = [];
  const counting: Engine = { ...engine,
    queue: { leaseMs: engine.queue.leaseMs, pull: (...args) => engine.queue.pull(...args), offer: (task) => {
      offered.push(task);
      return engine.queue.offer(task);
    } },
    blobs: { get: (sha256, range) => engine.blobs.get(sha256, range), size: (sha256) => engine.blobs.size(sha256), collect: (isReferenced, graceMs) => engine.blobs.collect(isReferenced, graceMs), put: (sha256, bytes) => {
      stored.push(bytes.byteLength);
      return engine.blobs.put(sha256, bytes);
    } },
  };
  const opened = await openGateway({ clock, engine: counting });
  closeLater(opened);
  const many = numbers(100);
  const worker = new ScriptedWorker("a", { pace: { clock, ms: 100 } }).connect(opened.gateway);
  const driver = new ScriptedDriver({ blocks: many }).connect(opened.gateway);
  await passUntil(clock, () => {
    worker.beat();
    return driver.done.size === many.length;
  });
  const ranMs = clock.now();
  expect(driver.values()).toEqual(many.flat().map((n) => 2 * n));
  // The job's description, and the results.
  expect(stored).toHaveLength(many.length + 1);
  expect(offered.filter(({ class: name }) => !name.startsWith("want-"))).toEqual([]);
  expect(offered.length).toBeLessThanOrEqual(1 + ranMs / 3_000);
  const before = offered.length;
  await passUntil(clock, () => clock.now() > ranMs + 30_000, 500);
  expect(offered.length - before).toBeGreaterThan(2);
  expect(offered.length - before).toBeLessThanOrEqual(11);
});

test("what other gateways and the ledger name is not collected", async () => {
  const { several, worker } = await strayResult();
  await passUntil(several.clock, () => worker.held.size === 0);
  const { engine, clock } = several;
  const named: string[] = [];
  for await (const entry of engine.ledger.replay("job")) {
    if (entry.kind === "append") for (const { description } of entry.records) if (typeof description === "string") named.push(description);
    if (entry.kind === "note" && typeof entry.record["sha256"] === "string") named.push(entry.record["sha256"]);
  }
  expect(named.length).toBeGreaterThan(1);
  const loose = new Uint8Array([1, 2, 3]);
  await engine.blobs.put(await sha256Of(loose), loose);
  // Each gateway has collected once at least.
  await passUntil(clock, () => clock.now() > 4_300_000, 60_000);
  expect(await engine.blobs.size(await sha256Of(loose))).toBeUndefined();
  for (const sha256 of named) expect(await engine.blobs.size(sha256)).toBeGreaterThan(0);
});

test("what was claimed of a job goes with it, also where the gateway that leads it has only helped with it before", async () => {
  const several = await severalGateways(2);
  const { engine, clock } = several;
  const { token } = await several.at(0).gateway.invite(["work"]);
  several.connect(new ScriptedDriver({ blocks }), several.at(0));
  const worker = several.connect(new ScriptedWorker("stray", { script: () => "silent", origin: outside, hello: { token } }), several.at(0));
  const leased = await worker.task();
  const { key } = await worker.welcome();
  several.at(0).kill();
  several.connect(worker, several.at(1), { key });
  await until(() => worker.all("welcome").length === 2);
  await worker.result(leased, twice(rowsOf(leased.task.block)));
  await passUntil(clock, () => worker.all("settle").length === 1);
  const claimed: string[] = [];
  for await (const entry of engine.ledger.replay("job")) if (entry.kind === "note" && entry.record["kind"] === "claim") claimed.push(String(entry.record["sha256"]));
  expect(claimed).toHaveLength(1);
  // The role of the one that is gone runs out before anybody wants it.
  await passUntil(clock, () => clock.now() > 30_000, 1_000);
  const second = several.connect(new ScriptedDriver({ blocks: [], ends: false, hello: { name: "again" } }), several.at(1));
  await passUntil(clock, () => second.all("accepted").length === 1);
  second.say({ kind: "cancel", job: "job", forget: true });
  await passUntil(clock, () => clock.now() > 4_300_000, 60_000);
  expect([await engine.ledger.jobs(), await engine.blobs.size(claimed[0] ?? "")]).toEqual([expect.not.arrayContaining(["job"]), undefined]);
});

test("a loan of a job that is no more is taken from the queue once", async () => {
  const given: string[] = [];
  const several = await severalGateways(1, { wrap: (engine) => ({ ...engine, queue: { leaseMs: engine.queue.leaseMs, offer: (task) => engine.queue.offer(task), pull: async (...args) => {
    const leases = await engine.queue.pull(...args);
    given.push(...leases.map(({ task }) => task.id));
    return leases;
  } } }) });
  const { clock, engine } = several;
  const worker = several.connect(new ScriptedWorker("a"), several.at(0));
  await worker.welcome();
  const body = { job: "gone", description: "0".repeat(64), segment: 0, home: 99, by: "", at: 0, tasks: [[0, 0, 4, "1".repeat(64), 7]] };
  await engine.queue.offer({ id: "old", class: "cpu", priority: 0, body });
  await passUntil(clock, () => given.includes("old"));
  const cameAt = clock.now();
  await passUntil(clock, () => {
    worker.beat();
    return clock.now() > cameAt + 10_000;
  });
  expect(given.filter((id) => id === "old")).toHaveLength(1);
});

test("a job that is over is led again at once where it was, and its driver is told of no other gateway", async () => {
  const several = await severalGateways(1);
  several.connect(new ScriptedWorker("a"), several.at(0));
  const first = several.connect(new ScriptedDriver({ blocks }), several.at(0));
  await passUntil(several.clock, () => jobOf(several.at(0))?.state === "done");
  const second = several.connect(new ScriptedDriver({ blocks, hello: { name: "again" } }), several.at(0));
  const before = several.clock.now();
  await passUntil(several.clock, () => second.done.size === blocks.length);
  expect(second.values()).toEqual(first.values());
  expect(second.all("accepted")).toMatchObject([{ committedBlocks: blocks.length }]);
  expect(second.all("fleet").filter(({ notice }) => notice?.startsWith("another gateway") === true)).toEqual([]);
  // Whoever waits for another gateway's role waits longer; the clock goes on while hashes are taken in threads.
  expect(several.clock.now() - before).toBeLessThan(5_000);
});

test("a want that somebody took and never read is said again within seconds, not when its lease in the queue is over", async () => {
  let isLost = false;
  const several = await severalGateways(2, { wrap: (engine, name) => ({ ...engine, queue: { leaseMs: engine.queue.leaseMs, offer: (task) => engine.queue.offer(task), pull: async (classes, ...args) => {
    const leases = await engine.queue.pull(classes, ...args);
    if (isLost || name !== "gateway 0" || leases.length === 0) return leases;
    isLost = true;
    return [];
  } } }) });
  const driver = several.connect(new ScriptedDriver({ blocks }), several.at(0));
  const worker = several.connect(new ScriptedWorker("elsewhere"), several.at(1));
  await passUntil(several.clock, () => isLost);
  const since = several.clock.now();
  await passUntil(several.clock, () => {
    worker.beat();
    return driver.done.size === blocks.length;
  });
  expect(several.clock.now() - since).toBeLessThan(several.engine.queue.leaseMs / 2);
});

test("where lent blocks are that nobody takes, and for how long, is said", async () => {
  const several = await severalGateways(2, { wrap: (engine, name) => ({ ...engine, queue: { leaseMs: engine.queue.leaseMs, offer: (task) => engine.queue.offer(task), pull: async (classes, ...args) => (name === "gateway 1" ? new Promise<never>(() => {}) : engine.queue.pull(classes, ...args)) } }) });
  const noticeOf = (): string => several.at(0).gateway.snapshot().workers.find(({ runtime }) => runtime === "gateway")?.notice ?? "";
  const driver = several.connect(new ScriptedDriver({ blocks }), several.at(0));
  const worker = several.connect(new ScriptedWorker("elsewhere", { script: () => "silent" }), several.at(1));
  const isSo = (notice: RegExp) => (): boolean => {
    worker.beat();
    return notice.test(noticeOf());
  };
  await passUntil(several.clock, isSo(/one has free workers; \d blocks are lent$/));
  // They are taken back and lent again meanwhile.
  await passUntil(several.clock, isSo(/\d blocks are lent, nobody has taken any for [4-9]\d s$/));
  expect(driver.done.size).toBe(0);
});

test("a row that a guest's worker fails at, where that would end the run, is for the home to have tried elsewhere", { timeout: 60_000 }, async () => {
  const several = await severalGateways(2);
  const driver = several.connect(new ScriptedDriver({ blocks, description: { segments: [segmentWith({ onError: "fail" })] } }), several.at(0));
  const error = { code: "bad-disk", message: "A file could not be read here." };
  const ill = several.connect(new ScriptedWorker("ill", { script: (block, { task }) => (task.block === 2 ? { block: twice(sliceBlock(block, 1)), failures: [{ row: 0, attempts: 1, error }] } : { block: twice(block) }) }), several.at(1));
  await passUntil(several.clock, () => {
    ill.beat();
    return driver.done.size === blocks.length - 1 && ill.tasks.some(({ task }) => task.block === 2);
  });
  const well = several.connect(new ScriptedWorker("well"), several.at(0));
  await passUntil(several.clock, () => {
    for (const worker of [ill, well]) worker.beat();
    return driver.done.size === blocks.length;
  });
  expect(driver.all("part").flatMap(({ failures }) => failures)).toEqual([]);
  expect(driver.values()).toEqual(blocks.flat().map((n) => 2 * n));
  expect(await several.engine.ledger.committed("job", "0-2-0-4")).toMatchObject({ kind: "result", worker: "well", failed: 0 });
});
