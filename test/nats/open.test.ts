import { readFileSync } from "node:fs";
import { memoryEngine, type Engine } from "@shoal/cluster";
import { ShoalError } from "@shoal/core";
import { inspectNats, openNatsEngine, type NatsEngineOptions } from "@shoal/engine-nats";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { findNatsServer } from "./find-nats-server.ts";
import { startNatsProxy } from "./nats-proxy.ts";
import { startNats, type NatsCluster } from "./start-nats.ts";

const path = findNatsServer();
const users = `authorization { users: [
  { user: gateway, password: secret },
  { user: least, password: secret, permissions: { publish: ${JSON.stringify([
    "least.>", "$JS.ACK.>",
    ...["INFO", "STREAM.NAMES", "STREAM.CREATE.*", "STREAM.INFO.*", "STREAM.DELETE.*", "STREAM.MSG.GET.*", "CONSUMER.CREATE.>", "CONSUMER.DURABLE.CREATE.>", "CONSUMER.INFO.>", "CONSUMER.LIST.*", "CONSUMER.NAMES.*", "CONSUMER.DELETE.>", "CONSUMER.MSG.NEXT.>"].map((each) => `$JS.API.${each}`),
  ])}, subscribe: ["_INBOX.>", "least.task.>", "least.register.>"] } },
  { user: reader, password: secret, permissions: { publish: ["$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.INFO.*", "$JS.API.STREAM.MSG.GET.*"], subscribe: "_INBOX.>" } }
] }`;

describe.skipIf(path === undefined)("opening an engine on NATS", () => {
  let cluster: NatsCluster;
  let jsm: JetStreamManager;
  const user = { user: "gateway", password: "secret" };
  beforeAll(async () => {
    cluster = await startNats({ config: users });
    jsm = await jetstreamManager(await connect({ servers: [...cluster.urls], user: user.user, pass: user.password }));
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  async function open(prefix: string, options: Partial<NatsEngineOptions> = {}): Promise<Engine> {
    const engine = await openNatsEngine({ ...user, servers: cluster.url, prefix, replicas: 1, blobs: memoryEngine().blobs, ...options });
    onTestFinished(() => engine.close());
    return engine;
  }
  const failsWith = async (code: string, opening: Promise<unknown>): Promise<ShoalError> => {
    const error: unknown = await opening.then(() => undefined, (reason: unknown) => reason);
    expect(error).toSatisfy((reason) => ShoalError.is(reason, code));
    return error as ShoalError;
  };

  test("a server that is too old is refused, with the reason, unless asked for", async () => {
    await using proxy = await startNatsProxy(cluster.urls[0] as string);
    proxy.rewriteInfo((info) => void (info["version"] = "2.14.9"));
    const error = await failsWith("engine-too-old", open("old", { servers: proxy.url }));
    expect(error.details).toEqual({ version: "2.14.9", floor: "2.15.1" });
    await open("old", { servers: proxy.url, unsafe: true });
  });

  test("a server that takes only short messages is refused: a record would never get in", async () => {
    await using proxy = await startNatsProxy(cluster.urls[0] as string);
    proxy.rewriteInfo((info) => void (info["max_payload"] = 1024));
    expect((await failsWith("engine-config", open("short", { servers: proxy.url }))).details).toEqual({ field: "max_payload", asked: 16_384, got: 1024 });
  });

  test("an engine whose server is replaced by one that is too old is paused", async () => {
    await using proxy = await startNatsProxy(cluster.urls[0] as string);
    const engine = await open("older", { servers: proxy.url, requestMs: 300, patienceMs: 300 });
    await engine.ledger.open("job");
    proxy.rewriteInfo((info) => void (info["version"] = "2.14.9"));
    proxy.cut();
    proxy.heal();
    await vi.waitUntil(() => engine.status().state === "paused" && (engine.status() as { reason: ShoalError }).reason.code === "engine-too-old", { timeout: 10_000 });
    expect(await engine.ledger.commit("job", "a", { attempt: "one" })).toMatchObject({ outcome: "undecided", reason: { code: "engine-too-old" } });
  });

  test("three replicas want three servers", async () => {
    await failsWith("engine-replicas", open("lonely", { replicas: 3 }));
    expect((await failsWith("engine-replicas", openNatsEngine({ ...user, servers: cluster.url, prefix: "lonely", blobs: memoryEngine().blobs }))).hint).toContain("three servers");
  });

  test("nobody there, the wrong password and no address are errors that say so", async () => {
    const codes = [
      open("gone", { servers: "nats://127.0.0.1:1" }),
      open("gone", { password: "wrong" }),
      open("gone", { servers: "http://127.0.0.1" }),
      open("not a prefix"),
      open("forbidden", { user: "reader" }),
    ].map((opening) => opening.then(() => "opened", (error: unknown) => ShoalError.from(error).code));
    expect(await Promise.all(codes)).toEqual(["engine-unreachable", "engine-refused", "bad-option", "bad-option", "engine-refused"]);
  });

  test("a stream that was made otherwise is an error that names the field", async () => {
    await open("made", { queue: { maxTasks: 10 } });
    expect((await failsWith("engine-config", open("made", { queue: { maxTasks: 20 } }))).details).toEqual({ field: "max_msgs", asked: 20, got: 10 });
    // So is a consumer.
    const engine = await open("made", { queue: { maxTasks: 10, leaseMs: 5000 } });
    await engine.queue.offer({ id: "a", class: "cpu", priority: 1, body: {} });
    const other = await open("made", { queue: { maxTasks: 10, leaseMs: 6000 } });
    expect((await failsWith("engine-config", other.queue.offer({ id: "b", class: "cpu", priority: 1, body: {} }))).details).toEqual({ field: "ack_wait", asked: 6e9, got: 5e9 });
  });

  test("what the doctor is told: all well, then what is not", async () => {
    const engine = await open("doctored");
    await engine.ledger.open("job");
    await engine.queue.offer({ id: "a", class: "cpu", priority: 1, body: {} });
    const before = await streamNames();
    const well = await inspectNats({ ...user, servers: cluster.url, prefix: "doctored", replicas: 1, monitors: cluster.monitors });
    expect(well.problems).toEqual([]);
    expect(well.advice).toEqual([]);
    expect(well).toMatchObject({ servers: [{ isUp: true, name: "n0", syncMs: "always" }], replicas: { asked: 1, isPossible: true }, ledgers: { live: 1, allowed: 1000 } });
    expect(well.permissions.length).toBeGreaterThan(10);
    expect(well.permissions.every(({ isAllowed }) => isAllowed)).toBe(true);
    expect(well.streams.map(({ name, messages }) => [name.replace(/[0-9a-f]{32}/, "x"), messages])).toEqual([["doctored-register", 1], ["doctored-queue", 1], ["doctored-ledger-x-1", 0]]);
    expect(await streamNames()).toEqual(before);

    await jsm.streams.update("doctored-queue", { max_msgs: 7 });
    const ill = await inspectNats({ ...user, servers: [cluster.url, "nats://127.0.0.1:1"], prefix: "doctored", maxJobs: 1 });
    expect(ill.servers).toMatchObject([{ isUp: true }, { isUp: false }]);
    expect(ill.replicas).toEqual({ asked: 3, isPossible: false });
    expect(new Set(ill.problems.map(({ code }) => code))).toEqual(new Set(["engine-unreachable", "engine-replicas", "engine-config", "too-many-ledgers"]));
    expect(ill.streams.find(({ name }) => name === "doctored-queue")?.difference).toMatchObject({ field: "num_replicas" });
    expect(ill.advice.map(({ code }) => code)).toEqual(["engine-unsynced"]);
    expect(await streamNames()).toEqual(before);
  });

  test("the permissions that README.md lists are enough", async () => {
    const readme = readFileSync(new URL("../../packages/engine-nats/README.md", import.meta.url), "utf8");
    const permissions = Array.from(users.matchAll(/(?<=\$JS\.API\.)[A-Z.]+(\*|>)?/g), ([permission]) => permission);
    expect(permissions.length).toBeGreaterThan(0);
    expect(permissions.filter((permission) => !readme.includes(`\`${permission}\``))).toEqual([]);
    const engine = await open("least", { user: "least" });
    await engine.ledger.open("job");
    const fence = await engine.leader.acquire("driver", 5000);
    expect(await engine.ledger.append("job", [], fence)).toMatchObject({ outcome: "accepted" });
    expect(await engine.ledger.commit("job", "a", { attempt: "one" })).toMatchObject({ outcome: "accepted" });
    expect(await engine.ledger.commit("job", "a", { attempt: "two" })).toMatchObject({ outcome: "lost" });
    const kinds: string[] = [];
    for await (const { kind } of engine.ledger.replay("job")) kinds.push(kind);
    expect(kinds).toEqual(["append", "commit"]);
    const waiting = engine.queue.pull(["cpu"], 1, 5000);
    await engine.queue.offer({ id: "a", class: "cpu", priority: 1, body: {} });
    await (await waiting)[0]?.acknowledge();
    await fence.release();
    await engine.ledger.remove("job");
    expect(await engine.ledger.jobs()).toEqual([]);
    const report = await inspectNats({ user: "least", password: "secret", servers: cluster.url, prefix: "least", replicas: 1, monitors: cluster.monitors });
    expect(report.problems).toEqual([]);
  });

  test("the doctor names what a user may not do", { timeout: 60_000 }, async () => {
    const report = await inspectNats({ user: "reader", password: "secret", servers: cluster.url, prefix: "doctored", replicas: 1, requestMs: 500 });
    expect(report.permissions).toContainEqual({ what: "list streams", isAllowed: true });
    expect(report.permissions.find(({ what }) => what === "make a stream")).toMatchObject({ isAllowed: false, error: { code: "engine-refused" } });
  });

  async function streamNames(): Promise<string[]> {
    const names: string[] = [];
    for await (const name of jsm.streams.names()) names.push(name);
    return names.sort();
  }
});
