// Rows 11, 12, 14 and 15 of the fault table: lost acknowledgements, unknown commits, slow readers, a driver that is faster than the fleet.
import { memoryEngine, type Channel, type DriverToGateway, type Engine, type GatewayToDriver, type Ledger } from "@shoal/cluster";
import { decodeBlock } from "@shoal/core/arrow";
import { FakeClock, seededRandom, withSwallowedReplies, type Delivery } from "@shoal/testing";
import { expect, test } from "vitest";
import { closeLater, openGateway, passUntil } from "./open-gateway.ts";
import { blockBytes, numbers, ScriptedDriver } from "./scripted-driver.ts";
import { ScriptedWorker, twice } from "./scripted-worker.ts";
import { until } from "./until.ts";

const blocks = numbers(30);
const answers = blocks.flat().map((n) => 2 * n);

function engineOver(change: (ledger: Ledger) => Ledger): { readonly clock: FakeClock; readonly engine: Engine } {
  const clock = new FakeClock();
  const engine = memoryEngine({ clock });
  return { clock, engine: { ...engine, ledger: change(engine.ledger) } };
}

test.each<[string, Delivery[]]>([
  ["landed though no answer came", ["reply-lost", "reply-lost", "answered"]],
  ["never arrived", ["request-lost", "answered"]],
  ["one or the other", ["reply-lost", "request-lost", "answered", "answered"]],
])("commits that %s are sent again until they are decided, and no row is lost or doubled", async (_, deliveries) => {
  const random = seededRandom(3);
  const opened = await openGateway(engineOver((ledger) => withSwallowedReplies(ledger, () => random.pick(deliveries))));
  closeLater(opened);
  const { gateway, clock } = opened;
  const driver = new ScriptedDriver({ blocks }).connect(gateway);
  const workers = ["a", "b"].map((name) => new ScriptedWorker(name).connect(gateway));
  await passUntil(clock, () => {
    for (const worker of workers) worker.say({ kind: "beat", rows: 0, state: "waiting" });
    return driver.done.size === blocks.length && workers.every((worker) => worker.held.size === 0);
  });
  expect(driver.values()).toEqual(answers);
  expect(gateway.snapshot().jobs[0]).toMatchObject({ rowsDone: answers.length, state: "done" });
});

test("a ledger that hangs counts as undecided after a while, and its late answer counts too", async () => {
  const hanging: (() => void)[] = [];
  let hangs = true;
  const opened = await openGateway(engineOver((ledger) => ({
    open: (job) => ledger.open(job), remove: (job) => ledger.remove(job), jobs: () => ledger.jobs(), committed: (job, block) => ledger.committed(job, block),
    note: (job, record) => ledger.note(job, record), append: (job, records, fence) => ledger.append(job, records, fence),
    replay: (job, fromSeq) => ledger.replay(job, fromSeq), follow: (job, signal, fromSeq) => ledger.follow(job, signal, fromSeq),
    commit: async (job, block, record) => {
      const answer = await ledger.commit(job, block, record);
      if (hangs) await new Promise<void>((resolve) => hanging.push(resolve));
      return answer;
    },
  })));
  closeLater(opened);
  const { gateway, clock } = opened;
  const driver = new ScriptedDriver({ blocks: numbers(1) }).connect(gateway);
  const worker = new ScriptedWorker("a").connect(gateway);
  await until(() => hanging.length === 1);
  expect(worker.all("settle")).toEqual([]);
  await passUntil(clock, () => hanging.length === 2, 1_000);
  hangs = false;
  for (const go of hanging) go();
  await driver.finished();
  expect(gateway.snapshot().jobs[0]).toMatchObject({ rowsDone: 4 });
});

test("a settle that was lost is given again when the result is presented again, and nothing is run twice", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway } = opened;
  const driver = new ScriptedDriver({ blocks: numbers(2), ends: false }).connect(gateway);
  const worker = new ScriptedWorker("a", { script: () => "silent" }).connect(gateway);
  const leased = await worker.task();
  await worker.result(leased, twice(decodeBlock(blockBytes(numbers(2)[leased.task.block] ?? []))));
  const held = new Map(worker.held);
  await until(() => worker.held.size === 0);
  for (const [key, result] of held) worker.held.set(key, result);
  worker.disconnect();
  worker.connect(gateway).present();
  await until(() => worker.held.size === 0);
  expect([worker.all("refuse").length, driver.parts(leased.task.block).length, gateway.snapshot().jobs[0]?.rowsDone]).toEqual([0, 1, 4]);
});

/** A link whose other side reads only when it is told to. */
class SlowChannel<Sent extends GatewayToDriver, Received extends DriverToGateway> implements Channel<Sent, Received> {
  readonly #inner: Channel<Sent, Received>;
  #waiting: [Sent, Uint8Array | undefined][] = [];
  isRead = false;
  mostBuffered = 0;

  constructor(inner: Channel<Sent, Received>) {
    this.#inner = inner;
  }

  get bufferedBytes(): number {
    return this.#waiting.reduce((sum, [, payload]) => sum + (payload?.byteLength ?? 0), 0);
  }

  send(header: Sent, payload?: Uint8Array): void {
    if (this.isRead) return this.#inner.send(header, payload);
    // Small messages get through; rows lie in the buffer.
    if (payload === undefined && header.kind !== "block-done") return this.#inner.send(header, payload);
    this.#waiting.push([header, payload]);
    this.mostBuffered = Math.max(this.mostBuffered, this.bufferedBytes);
  }

  read(): void {
    this.isRead = true;
    for (const [header, payload] of this.#waiting.splice(0)) this.#inner.send(header, payload);
  }

  close(): void {
    this.#inner.close();
  }

  listen(listener: Parameters<Channel<Sent, Received>["listen"]>[0]): void {
    this.#inner.listen(listener);
  }
}

test("a driver that does not read is sent no more than a cap, and all of it once it reads", async () => {
  const opened = await openGateway({ settings: { driverBufferedBytes: 2_000, recentBytes: 1_000 } });
  closeLater(opened);
  const { gateway, clock } = opened;
  let slow: SlowChannel<GatewayToDriver, DriverToGateway> | undefined;
  const driver = new ScriptedDriver({ blocks, wrap: (far) => (slow = new SlowChannel(far)) }).connect(gateway);
  new ScriptedWorker("a").connect(gateway);
  await until(() => gateway.snapshot().jobs[0]?.rowsDone === answers.length);
  await clock.advance(1_000);
  expect(driver.done.size).toBe(0);
  const mostOfOne = 1_500;
  expect(slow?.mostBuffered).toBeLessThan(2_000 + mostOfOne);
  slow?.read();
  await passUntil(clock, () => driver.done.size === blocks.length);
  expect(driver.values()).toEqual(answers);
});

test("a worker that does not take its rows is sent no more than a cap", async () => {
  const opened = await openGateway({ settings: { workerBufferedBytes: 0 } });
  closeLater(opened);
  const { gateway, clock } = opened;
  const driver = new ScriptedDriver({ blocks }).connect(gateway);
  const worker = new ScriptedWorker("a").connect(gateway);
  // Its inbox is empty whenever the clock goes on: each time one block goes.
  await passUntil(clock, () => driver.done.size === blocks.length, 20);
  expect(driver.values()).toEqual(answers);
  expect(worker.tasks.length).toBeGreaterThanOrEqual(blocks.length);
});

test("a driver that is faster than the fleet is asked for no more than there is room for", async () => {
  const bytes = blockBytes(numbers(1)[0] ?? []).byteLength;
  const opened = await openGateway({ settings: { heldBytes: 10 * bytes } });
  closeLater(opened);
  const { gateway, clock } = opened;
  const driver = new ScriptedDriver({ blocks }).connect(gateway);
  await clock.advance(5_000);
  expect(driver.offered).toBeLessThanOrEqual(10);
  new ScriptedWorker("a").connect(gateway);
  await driver.finished();
  expect(driver.values()).toEqual(answers);
});

test("a block that was not asked for, or not in turn, ends the connection", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const driver = new ScriptedDriver({ blocks, ends: false }).connect(opened.gateway);
  await until(() => driver.offered > 0);
  driver.say({ kind: "offer", job: "job", segment: 0, block: 99, rows: 4 }, blockBytes([1, 2, 3, 4]));
  await until(() => driver.isClosed);
  expect(driver.all("bye")).toMatchObject([{ again: false, error: { code: "unexpected-block" } }]);
});

test("results that can't be stored as fast as they come send their worker away, which presents them later", async () => {
  const { clock, engine: inner } = engineOver((ledger) => ledger);
  let stores = false;
  const waiting: (() => void)[] = [];
  const engine: Engine = { ...inner, blobs: {
    get: (sha256, range) => inner.blobs.get(sha256, range), size: (sha256) => inner.blobs.size(sha256), collect: (isReferenced, graceMs) => inner.blobs.collect(isReferenced, graceMs),
    put: async (sha256, bytes) => {
      // What the job is can be stored; results can't.
      if (!stores && bytes[0] !== "{".charCodeAt(0)) await new Promise<void>((resolve) => waiting.push(resolve));
      return inner.blobs.put(sha256, bytes);
    },
  } };
  const opened = await openGateway({ clock, engine, settings: { resultBytes: 1 } });
  closeLater(opened);
  const { gateway } = opened;
  const driver = new ScriptedDriver({ blocks: numbers(1) }).connect(gateway);
  const worker = new ScriptedWorker("a").connect(gateway);
  await until(() => worker.isClosed);
  expect(worker.bye).toMatchObject({ again: true, error: { code: "coordinator-busy" } });
  expect([worker.held.size, driver.done.size]).toEqual([1, 0]);
  stores = true;
  for (const go of waiting) go();
  expect(gateway.snapshot().refused).toEqual({ "coordinator-busy": 1 });
});
