import { memoryEngine, type Engine } from "@shoal/cluster";
import { openNatsEngine, type NatsEngineOptions } from "@shoal/engine-nats";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { findNatsServer } from "./find-nats-server.ts";
import { startNatsProxy } from "./nats-proxy.ts";
import { startNats, type NatsCluster } from "./start-nats.ts";

const path = findNatsServer();

describe.skipIf(path === undefined)("the queue on NATS", () => {
  let cluster: NatsCluster;
  let jsm: JetStreamManager;
  beforeAll(async () => {
    cluster = await startNats();
    jsm = await jetstreamManager(await connect({ servers: [...cluster.urls] }));
  });
  afterAll(() => cluster[Symbol.asyncDispose]());
  const task = (id: string, priority = 5, className = "cpu") => ({ id, class: className, priority, body: { id } });
  async function open(prefix: string, options: Partial<NatsEngineOptions> = {}): Promise<Engine> {
    const engine = await openNatsEngine({ servers: cluster.url, prefix, replicas: 1, blobs: memoryEngine().blobs, ...options });
    onTestFinished(() => engine.close());
    return engine;
  }

  test("what somebody else puts there goes, and costs neither the connection nor a task", async () => {
    const { queue } = await open("strange");
    const connection = await connect({ servers: [...cluster.urls] });
    onTestFinished(() => connection.close());
    await queue.offer(task("a"));
    for (const [index, strange] of ["{", "null", "[]", '"a"', '{"id":"a","class":"cpu","priority":5,"body":null}', ""].entries()) connection.publish(`strange.task.cpu.5.strange-${index}`, strange);
    await connection.flush();
    await queue.offer(task("b"));
    const leases = await queue.pull(["cpu"], 10, 1000);
    expect(leases.map((lease) => lease.task)).toEqual([task("a"), task("b")]);
    await Promise.all(leases.map((lease) => lease.acknowledge()));
    await vi.waitFor(async () => expect((await jsm.streams.info("strange-queue")).state.messages).toBe(0), { timeout: 5000 });
  });

  test("deleted, it is made anew by the next who offers or pulls", async () => {
    const { queue } = await open("lost");
    const other = await open("lost");
    await queue.offer(task("a"));
    const [held] = await other.queue.pull(["cpu"], 1, 1000);
    await jsm.streams.delete("lost-queue");
    expect(await queue.offer(task("a"))).toBe("queued");
    expect((await other.queue.pull(["cpu"], 1, 5000)).map((lease) => lease.task)).toEqual([task("a")]);
    // A late word about what is gone is heard by nobody.
    await held?.acknowledge();
    await jsm.streams.delete("lost-queue");
    expect(await other.queue.pull(["cpu"], 1, 0)).toEqual([]);
    const waiting = other.queue.pull(["cpu"], 1, 10_000);
    await jsm.streams.delete("lost-queue");
    await queue.offer(task("b"));
    expect((await waiting).map((lease) => lease.task.id)).toEqual(["b"]);
  });

  test("a consumer that was deleted is made anew with the next task", async () => {
    const { queue } = await open("careless");
    await queue.offer(task("a"));
    await queue.pull(["cpu"], 1, 1000);
    await jsm.consumers.delete("careless-queue", "cpu-5");
    const [again] = await queue.pull(["cpu"], 1, 5000);
    expect(again?.task.id).toBe("a");
  });

  test("a consumer that gives nothing though a task waits for it is made anew", async () => {
    const { queue } = await open("deaf");
    await queue.offer(task("a"));
    const [held] = await queue.pull(["cpu"], 1, 1000);
    // As one that lost count in an election: it says that there is nothing, whoever asks.
    await jsm.consumers.pause("deaf-queue", "cpu-5", new Date(Date.now() + 3_600_000));
    await queue.offer(task("b"));
    expect(await queue.pull(["cpu"], 1, 0)).toEqual([]);
    const given = [held?.task.id];
    for (const until = performance.now() + 30_000; !given.includes("b") && performance.now() < until; ) for (const { task: { id } } of await queue.pull(["cpu"], 1, 3000)) given.push(id);
    expect(given).toContain("b");
  }, 60_000);

  test("one that answers no pull, though it is there, is made anew", async () => {
    await using proxy = await startNatsProxy(cluster.urls[0] as string);
    const { queue } = await open("mute", { servers: proxy.url, requestMs: 500 });
    await queue.offer(task("a"));
    expect(await queue.pull(["cpu"], 1, 1000)).toHaveLength(1);
    const { created } = await jsm.consumers.info("mute-queue", "cpu-5");
    proxy.swallow(({ payload }) => payload.includes(" 404 "), Infinity);
    const given: string[] = [];
    for (const until = performance.now() + 30_000; given.length === 0 && performance.now() < until; ) for (const lease of await queue.pull(["cpu"], 1, 1000)) given.push(lease.task.id);
    // All that lies there comes again: what was leased, too.
    expect(given).toEqual(["a"]);
    expect((await jsm.consumers.info("mute-queue", "cpu-5")).created).not.toBe(created);
  }, 60_000);

  test("one that keeps back only what is leased is left as it is", async () => {
    const { queue } = await open("heard");
    await queue.offer(task("a"));
    await queue.pull(["cpu"], 1, 1000);
    const { created } = await jsm.consumers.info("heard-queue", "cpu-5");
    expect(await queue.pull(["cpu"], 1, 12_000)).toEqual([]);
    expect((await jsm.consumers.info("heard-queue", "cpu-5")).created).toBe(created);
  }, 60_000);

  test("the same task waits once, however often it is offered; once acknowledged it may be offered again", async () => {
    const { queue } = await open("once");
    for (let time = 0; time < 3; time++) expect(await queue.offer(task("want one"))).toBe("queued");
    const leases = await queue.pull(["cpu"], 10, 1000);
    expect(leases).toHaveLength(1);
    expect(await queue.offer(task("want one"))).toBe("queued");
    expect(await queue.pull(["cpu"], 10, 0)).toEqual([]);
    await leases[0]?.acknowledge();
    await vi.waitUntil(async () => (await jsm.streams.info("once-queue")).state.messages === 0);
    expect(await queue.offer(task("want one"))).toBe("queued");
    expect(await queue.pull(["cpu"], 10, 1000)).toHaveLength(1);
  });

  test("lower priorities come first, and fill up what is asked for", async () => {
    const { queue } = await open("sorted");
    for (const priority of [9, 0, 5]) await queue.offer(task(`p${priority}`, priority));
    expect((await queue.pull(["none", "cpu"], 2, 1000)).map((lease) => lease.task.id)).toEqual(["p0", "p5"]);
    expect((await queue.pull(["none", "cpu"], 2, 1000)).map((lease) => lease.task.id)).toEqual(["p9"]);
  });

  test("a full queue says so", async () => {
    const { queue } = await open("small", { queue: { maxTasks: 2 } });
    expect([await queue.offer(task("a")), await queue.offer(task("b")), await queue.offer(task("c"))]).toEqual(["queued", "queued", "full"]);
  });
});
