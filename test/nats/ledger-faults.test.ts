import { commitUntilDecided, memoryEngine, type CommitRecord, type Engine, type LedgerEntry } from "@shoal/cluster";
import { ShoalError, systemClock } from "@shoal/core";
import { openNatsEngine, type NatsEngineOptions } from "@shoal/engine-nats";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { findNatsServer } from "./find-nats-server.ts";
import { startNatsProxy, type NatsProxy } from "./nats-proxy.ts";
import { startNats, type NatsCluster } from "./start-nats.ts";

const path = findNatsServer();
const never = new AbortController().signal;
const record = (attempt: string): CommitRecord => ({ attempt, rows: 1 });
let prefixes = 0;

describe.skipIf(path === undefined)("the engine on one server", () => {
  let cluster: NatsCluster;
  let jsm: JetStreamManager;
  beforeAll(async () => {
    cluster = await startNats();
    jsm = await manager(cluster);
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  const newPrefix = (): string => `faults-${prefixes++}`;
  const open = (prefix: string, options: Partial<NatsEngineOptions> = {}): Promise<Engine> => openEngine({ servers: cluster.url, prefix, replicas: 1, ...options });
  const proxied = async (): Promise<NatsProxy> => {
    const proxy = await startNatsProxy(cluster.urls[0] as string);
    onTestFinished(() => proxy[Symbol.asyncDispose]());
    return proxy;
  };
  const streams = async (prefix: string): Promise<string[]> => {
    const names: string[] = [];
    for await (const name of jsm.streams.names()) if (name.startsWith(`${prefix}-`)) names.push(name);
    return names.sort();
  };

  test("what somebody else writes into a ledger says nothing; but a block that it stands under is taken", async () => {
    const prefix = newPrefix();
    const { ledger } = await open(prefix);
    await ledger.open("job");
    const connection = await connect({ servers: cluster.url });
    onTestFinished(() => connection.close());
    const [stream = ""] = (await streams(prefix)).filter((name) => name.includes("-ledger-"));
    const begin = (await jsm.streams.info(stream)).config.subjects?.[0]?.slice(0, -1) ?? "";
    for (const strange of ["{", "null", "[]", "{}", ""]) for (const end of ["note", "append.role"]) await connection.request(`${begin}${end}`, strange);
    await connection.request(`${begin}commit.taken`, "{");
    await ledger.note("job", { kind: "note" });
    expect(await ledger.append("job", [{ kind: "append" }], { role: "role", epoch: 1 })).toMatchObject({ outcome: "accepted" });
    expect(await ledger.commit("job", "taken", record("one"))).toEqual({ outcome: "lost", winner: { attempt: "unreadable" } });
    expect(await ledger.committed("job", "taken")).toEqual({ attempt: "unreadable" });
    expect(await ledger.commit("job", "free", record("one"))).toMatchObject({ outcome: "accepted" });
    const entries = await all(ledger.replay("job"));
    expect(entries.filter((entry) => !(entry.kind === "note" && Object.keys(entry.record).length === 0))).toMatchObject([
      { kind: "commit", block: "taken", record: { attempt: "unreadable" } }, { kind: "note", record: { kind: "note" } }, { kind: "append", epoch: 1 }, { kind: "commit", block: "free" },
    ]);
  });

  test("a word of the register that no gateway wrote is named, and not waited for", async () => {
    const prefix = newPrefix();
    const { leader } = await open(prefix);
    const connection = await connect({ servers: cluster.url });
    onTestFinished(() => connection.close());
    await connection.request(`${prefix}.register.role.role`, "{");
    await expect(leader.acquire("role", 1_000)).rejects.toMatchObject({ code: "engine-config", details: { key: `${prefix}.register.role.role` } });
  });

  test("a commit whose answer is lost finds itself there, and is accepted", async () => {
    const proxy = await proxied();
    const { ledger } = await open(newPrefix(), { servers: proxy.url, requestMs: 300 });
    await ledger.open("job");
    await ledger.commit("job", "first", record("one"));
    proxy.swallow(isAck);
    expect(await ledger.commit("job", "a", record("one"))).toMatchObject({ outcome: "accepted", seq: 2 });
    expect(proxy.swallowed).toBe(1);
    // Twice: then it is for the caller to ask again.
    proxy.swallow(isAck, 1);
    expect(await ledger.commit("job", "b", record("one"))).toMatchObject({ outcome: "accepted", seq: 3 });
    expect(await all(ledger.replay("job"))).toHaveLength(3);
  });

  test("an append whose answer is lost stands there once", async () => {
    const proxy = await proxied();
    const { ledger, leader } = await open(newPrefix(), { servers: proxy.url, requestMs: 300 });
    await ledger.open("job");
    const leadership = await leader.acquire("driver", 10_000);
    await ledger.append("job", [{ first: true }], leadership);
    proxy.swallow(isAck);
    expect(await ledger.append("job", [{ second: true }], leadership)).toMatchObject({ outcome: "accepted", seq: 2 });
    expect(proxy.swallowed).toBe(1);
    expect(await ledger.append("job", [{ third: true }], leadership)).toMatchObject({ outcome: "accepted", seq: 3 });
    expect(await all(ledger.replay("job"))).toMatchObject([{ records: [{ first: true }] }, { records: [{ second: true }] }, { records: [{ third: true }] }]);
  });

  test("an append whose answer is lost was written before its successor's, and is told so", async () => {
    const prefix = newPrefix();
    const proxy = await proxied();
    const old = await open(prefix, { servers: proxy.url, requestMs: 500 });
    const { ledger } = await open(prefix);
    await ledger.open("job");
    await old.ledger.append("job", [{ by: "old" }], { role: "driver", epoch: 1 });
    proxy.swallow(isAck);
    const last = old.ledger.append("job", [{ by: "old", last: true }], { role: "driver", epoch: 1 });
    await vi.waitUntil(() => proxy.swallowed === 1);
    expect(await ledger.append("job", [{ by: "successor" }], { role: "driver", epoch: 2 })).toMatchObject({ outcome: "accepted", seq: 3 });
    expect(await last).toEqual({ outcome: "accepted", seq: 2 });
    expect(await old.ledger.append("job", [], { role: "driver", epoch: 1 })).toEqual({ outcome: "deposed", epoch: 2 });
    expect(await all(ledger.replay("job"))).toHaveLength(3);
  });

  test("a role whose word is written and not answered is held, and renewed", async () => {
    const proxy = await proxied();
    const { leader } = await open(newPrefix(), { servers: proxy.url, requestMs: 300 });
    proxy.swallow(isAck);
    const leadership = await leader.acquire("driver", 5000);
    expect(proxy.swallowed).toBe(1);
    proxy.swallow(isAck);
    expect(await leadership.renew()).toBe(true);
    expect(await leadership.renew()).toBe(true);
    await leadership.release();
    expect((await leader.acquire("driver", 5000)).epoch).toBeGreaterThan(leadership.epoch);
  });

  test("gateways that start at once make one engine", async () => {
    const prefix = newPrefix();
    const engines = await Promise.all(Array.from({ length: 8 }, () => open(prefix)));
    await Promise.all(engines.map((engine) => engine.ledger.open("job")));
    const outcomes = await Promise.all(engines.map((engine, index) => engine.ledger.commit("job", "a", record(`${index}`))));
    expect(outcomes.filter(({ outcome }) => outcome === "accepted")).toHaveLength(1);
    expect(outcomes.filter(({ outcome }) => outcome === "lost")).toHaveLength(7);
    expect(await streams(prefix)).toHaveLength(3);
  });

  test("however gateways race, no append of an earlier epoch stands behind one of a later epoch", async () => {
    const prefix = newPrefix();
    const engines = await Promise.all([open(prefix), open(prefix), open(prefix)]);
    const first = engines[0] as Engine;
    await first.ledger.open("job");
    const epochs = [10, 20, 30];
    const outcomes = await Promise.all(Array.from({ length: 90 }, (_, index) => {
      const epoch = epochs[index % 3] as number;
      return (engines[index % 3] as Engine).ledger.append("job", [{ index }], { role: "driver", epoch });
    }));
    expect(new Set(outcomes.map(({ outcome }) => outcome))).not.toContain("undecided");
    const written = (await all(first.ledger.replay("job"))).map((entry) => (entry.kind === "append" ? entry.epoch : 0));
    expect(written).toEqual(written.toSorted((a, b) => a - b));
    expect(written).toHaveLength(outcomes.filter(({ outcome }) => outcome === "accepted").length);
    expect(written.filter((epoch) => epoch === 30)).toHaveLength(30);
  });

  test("what one gateway removes is gone for all: followers end, writes find no ledger, its name stays taken, and nothing else is left", async () => {
    const prefix = newPrefix();
    const [one, other] = await Promise.all([open(prefix), open(prefix)]);
    await one.ledger.open("job");
    await other.ledger.open("job");
    await one.ledger.commit("job", "a", record("one"));
    const heard: LedgerEntry[] = [];
    const following = (async () => {
      for await (const entry of other.ledger.follow("job", never)) heard.push(entry);
    })();
    await vi.waitUntil(() => heard.length === 1);
    await one.ledger.remove("job");
    await following;
    expect(await other.ledger.commit("job", "b", record("one"))).toEqual({ outcome: "no-ledger" });
    for (const engine of [one, other]) await expect(engine.ledger.open("job")).rejects.toSatisfy((error) => ShoalError.is(error, "ledger-gone"));
    expect(await other.ledger.jobs()).toEqual([]);
    expect(await streams(prefix)).toEqual([`${prefix}-queue`, `${prefix}-register`]);
    // Its name is one short message, which the server forgets by itself.
    const { state } = await jsm.streams.info(`${prefix}-register`, { subjects_filter: ">" });
    const [subject = ""] = Object.keys(state.subjects ?? {});
    expect(Object.keys(state.subjects ?? {})).toHaveLength(1);
    expect((await jsm.streams.getMessage(`${prefix}-register`, { last_by_subj: subject }))?.header.get("Nats-TTL")).toBe("2592000s");
  });

  test("a removal that was cut short is finished by whoever lists the jobs", async () => {
    const prefix = newPrefix();
    const proxy = await proxied();
    const failing = await open(prefix, { servers: proxy.url, requestMs: 200, patienceMs: 200 });
    const { ledger } = await open(prefix);
    await ledger.open("job");
    // The name is taken, and before the stream goes the gateway is cut off.
    proxy.swallow((message) => {
      if (isAck(message)) proxy.partition();
      return isAck(message);
    });
    await expect(failing.ledger.remove("job")).rejects.toSatisfy((error) => ShoalError.is(error, "engine-paused"));
    expect((await streams(prefix)).filter((name) => name.includes("ledger"))).toHaveLength(1);
    expect(await ledger.jobs()).toEqual([]);
    expect((await streams(prefix)).filter((name) => name.includes("ledger"))).toHaveLength(0);
  });

  test("a ledger's stream that was deleted is made anew under another name, empty, by whoever opens it", async () => {
    const prefix = newPrefix();
    const { ledger } = await open(prefix);
    await ledger.open("job");
    await ledger.commit("job", "a", record("one"));
    const [stream = ""] = (await streams(prefix)).filter((name) => name.includes("ledger"));
    await jsm.streams.delete(stream);
    expect(await ledger.commit("job", "a", record("two"))).toEqual({ outcome: "no-ledger" });
    expect(await all(ledger.replay("job"))).toEqual([]);
    await ledger.open("job");
    expect(await ledger.commit("job", "a", record("two"))).toMatchObject({ outcome: "accepted" });
    expect((await streams(prefix)).filter((name) => name.includes("ledger"))).toEqual([stream.replace(/1$/, "2")]);
    await ledger.remove("job");
    expect((await streams(prefix)).filter((name) => name.includes("ledger"))).toEqual([]);
  });

  test("without its register an engine finds its ledgers again, and epochs go on rising", async () => {
    const prefix = newPrefix();
    const { ledger, leader } = await open(prefix);
    await ledger.open("job");
    await ledger.commit("job", "a", record("one"));
    const { epoch } = await leader.acquire("driver", 200);
    await jsm.streams.delete(`${prefix}-register`);
    const again = await open(prefix);
    expect(await again.ledger.jobs()).toEqual(["job"]);
    await again.ledger.open("job");
    expect(await again.ledger.committed("job", "a")).toEqual(record("one"));
    expect((await again.leader.acquire("driver", 200)).epoch).toBeGreaterThan(epoch);
  });

  test("the number of ledgers is bounded", async () => {
    const { ledger } = await open(newPrefix(), { maxJobs: 2 });
    await ledger.open("one");
    await ledger.open("two");
    await ledger.open("two");
    await expect(ledger.open("three")).rejects.toSatisfy((error) => ShoalError.is(error, "too-many-ledgers"));
    await ledger.remove("one");
    await ledger.open("three");
  });

  test("a server that is killed and comes back: writes are undecided, reads paused, and all goes on by itself", async () => {
    const engine = await open(newPrefix(), { requestMs: 300, patienceMs: 300 });
    const { ledger, leader, queue } = engine;
    await ledger.open("job");
    await ledger.commit("job", "a", record("one"));
    const heard: string[] = [];
    const over = new AbortController();
    const following = (async () => {
      for await (const entry of ledger.follow("job", over.signal)) heard.push(entry.kind);
    })();
    const { epoch } = await leader.acquire("driver", 200);
    await cluster.kill(0);
    expect(await ledger.commit("job", "b", record("one"))).toMatchObject({ outcome: "undecided", reason: { code: "engine-unreachable" } });
    expect(await ledger.note("job", {})).toMatchObject({ outcome: "undecided" });
    await expect(ledger.committed("job", "a")).rejects.toSatisfy((error) => ShoalError.is(error, "engine-paused"));
    await expect(all(ledger.replay("job"))).rejects.toSatisfy((error) => ShoalError.is(error, "engine-paused"));
    await expect(queue.offer({ id: "a", class: "cpu", priority: 1, body: {} })).rejects.toSatisfy((error) => ShoalError.is(error, "engine-paused"));
    await expect(queue.pull(["cpu"], 1, 0)).rejects.toSatisfy((error) => ShoalError.is(error, "engine-paused"));
    expect(engine.status()).toMatchObject({ state: "paused", reason: { code: "engine-unreachable" } });
    await cluster.restart(0);
    await vi.waitUntil(() => engine.status().state === "running", { timeout: 10_000 });
    const persistence = { clock: systemClock, signal: never, random: Math.random };
    expect(await commitUntilDecided(ledger, "job", "b", record("one"), persistence)).toMatchObject({ outcome: "accepted" });
    expect(await ledger.committed("job", "a")).toEqual(record("one"));
    expect((await leader.acquire("driver", 200)).epoch).toBeGreaterThan(epoch);
    await vi.waitUntil(() => heard.length >= 2, { timeout: 20_000 });
    over.abort();
    await following;
    expect(heard.filter((kind) => kind === "commit")).toHaveLength(2);
  });

  test("an engine whose servers are gone can be closed", async () => {
    const proxy = await proxied();
    const engine = await open(newPrefix(), { servers: proxy.url, requestMs: 300, patienceMs: 300 });
    await engine.ledger.open("job");
    proxy.partition();
    const last = engine.ledger.commit("job", "a", record("one"));
    await engine.close();
    expect(await last).toMatchObject({ outcome: "undecided" });
  });
});

describe.skipIf(path === undefined)("the engine on three servers", () => {
  test("kill −9 of the ledger's leader while gateways commit: nothing that was accepted is lost, nothing doubled", { timeout: 120_000 }, async () => {
    const cluster = await startNats({ servers: 3 });
    onTestFinished(() => cluster[Symbol.asyncDispose](), 30_000);
    const engines = await Promise.all(Array.from({ length: 3 }, () => openEngine({ servers: cluster.url, prefix: "shoal", replicas: 3 })));
    const first = engines[0] as Engine;
    await first.ledger.open("job");
    const jsm = await manager(cluster);
    const [stream = ""] = (await jsm.streams.names("shoal.ledger.>").next());
    const blocks = 6000;
    const accepted = new Map<string, string>();
    let undecided = 0;
    // Every block is tried by two gateways, a few hundred at a time.
    const commitAll = async (engine: Engine, name: string, from: number): Promise<void> => {
      let next = 0;
      await Promise.all(Array.from({ length: 100 }, async () => {
        while (next < blocks) {
          const block = `block-${(from + next++) % blocks}`;
          const answer = await commitUntilDecided(engine.ledger, "job", block, record(`${name}-${block}`), { clock: systemClock, signal: new AbortController().signal, random: Math.random, onUndecided: () => undecided++ });
          if (answer.outcome !== "accepted") continue;
          expect(accepted.has(block)).toBe(false);
          accepted.set(block, `${name}-${block}`);
        }
      }));
    };
    const done = Promise.all([commitAll(engines[0] as Engine, "one", 0), commitAll(engines[1] as Engine, "two", 3000)]);
    await vi.waitUntil(() => accepted.size > 1500, { timeout: 60_000, interval: 10 });
    const leader = (await cluster.leaderOf(stream)) as number;
    const before = accepted.size;
    await cluster.kill(leader);
    await vi.waitUntil(() => accepted.size > before + 1000 || accepted.size === blocks, { timeout: 60_000, interval: 10 });
    await cluster.restart(leader);
    await done;
    expect(undecided).toBeGreaterThan(0);
    expect(accepted.size).toBe(blocks);
    const written = new Map((await all((engines[2] as Engine).ledger.replay("job"))).map((entry) => (entry.kind === "commit" ? [entry.block, entry.record.attempt] : ["", ""])));
    expect(written).toEqual(accepted);
    expect((await jsm.streams.info(stream)).state.messages).toBe(blocks);
  });

  test("kill −9 of any server while two drivers contend: one leads at a time, appends stand in the order of epochs, and who follows sees all of them once", { timeout: 120_000 }, async () => {
    const cluster = await startNats({ servers: 3 });
    onTestFinished(() => cluster[Symbol.asyncDispose](), 30_000);
    const engines = await Promise.all(Array.from({ length: 3 }, () => openEngine({ servers: cluster.url, prefix: "shoal", replicas: 3 })));
    const [one, two, reader] = engines as [Engine, Engine, Engine];
    await one.ledger.open("job");
    const followed: LedgerEntry[] = [];
    const following = (async () => {
      for await (const entry of reader.ledger.follow("job", never)) followed.push(entry);
    })();
    const over = new AbortController();
    let holders = 0;
    let accepted = 0;
    const drive = async ({ leader, ledger }: Engine): Promise<void> => {
      while (!over.signal.aborted) {
        const leadership = await leader.acquire("driver", 2000, over.signal).catch(() => undefined);
        if (leadership === undefined) return;
        expect(++holders).toBe(1);
        leadership.lost.addEventListener("abort", () => holders--, { once: true });
        // It renews for a while, then is stuck, and goes on to append until a successor has written.
        const renewUntil = performance.now() + 3000;
        for (let number = 0; !over.signal.aborted; number++) {
          if (performance.now() < renewUntil && number % 20 === 0) await leadership.renew();
          const { outcome } = await ledger.append("job", [{ number }], leadership);
          if (outcome === "deposed") break;
          if (outcome === "accepted") accepted++;
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
    };
    const drivers = Promise.all([drive(one), drive(two)]);
    for (const index of [0, 1, 2]) {
      const before = accepted;
      await vi.waitUntil(() => accepted > before + 100, { timeout: 60_000 });
      await cluster.kill(index);
      const then = accepted;
      await vi.waitUntil(() => accepted > then + 100, { timeout: 60_000 });
      await cluster.restart(index);
      await cluster.ready();
    }
    over.abort();
    await drivers;
    const entries = await all(one.ledger.replay("job"));
    const epochs = entries.map((entry) => (entry.kind === "append" ? entry.epoch : 0));
    expect(epochs).toEqual(epochs.toSorted((a, b) => a - b));
    expect(new Set(epochs).size).toBeGreaterThan(1);
    expect(entries.length).toBeGreaterThanOrEqual(accepted);
    await vi.waitUntil(() => followed.length >= entries.length, { timeout: 30_000 });
    expect(followed).toEqual(entries);
    await one.ledger.remove("job");
    await following;
  });
});

/** Ends with the test. */
async function openEngine(options: Omit<NatsEngineOptions, "blobs">): Promise<Engine> {
  const engine = await openNatsEngine({ blobs: memoryEngine().blobs, queue: { leaseMs: 200 }, ...options });
  onTestFinished(() => engine.close());
  return engine;
}

async function manager(cluster: NatsCluster): Promise<JetStreamManager> {
  const nc = await connect({ servers: [...cluster.urls] });
  return jetstreamManager(nc);
}

/** The answer to a publish. */
function isAck({ payload }: { readonly payload: string }): boolean {
  return /^\{"stream":"[^"]*"[^}]*"seq":\d+/.test(payload);
}

async function all(entries: AsyncIterable<LedgerEntry>): Promise<LedgerEntry[]> {
  const list: LedgerEntry[] = [];
  for await (const entry of entries) list.push(entry);
  return list;
}
