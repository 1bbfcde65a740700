import type { AgentEvent } from "@shoal/cluster";
import { ShoalError } from "@shoal/core";
import { describe, expect, test } from "vitest";
import { fleetOfOne, ids, segmentOf, valuesOf } from "./fleet-of-one.ts";
import { attemptOf, ScriptedGateway, until } from "./scripted-gateway.ts";

const kinds = (events: readonly AgentEvent[]): string[] => events.map(({ kind }) => kind);

describe("a connection that is lost", () => {
  test("comes again with the key: results that were not settled are presented, what had not begun is forgotten, what runs goes on", async () => {
    const { gateway, clock, seen, events } = fleetOfOne({}, { batchMs: () => 1_000 });
    const { connection } = await gateway.connected(1, segmentOf());
    connection.lease(...[1, 2, 3, 4, 5, 6].map((attempt) => ({ block: attempt, rows: ids(10 * attempt, 2), attempt })));
    const first = await connection.next("result", clock);
    const second = await connection.next("result", clock);
    connection.settle(first.message);
    connection.close();
    await until(() => events.at(-1)?.kind === "disconnected");
    await clock.advance(400);
    const { hello, connection: again } = await gateway.connected(2);
    expect(hello).toMatchObject({ key: "key", name: "w1" });
    expect(hello.token).toBeUndefined();
    const presented = await again.next("result");
    expect(presented.message).toEqual(second.message);
    expect(presented.payload).toEqual(second.payload);
    // Three were in the pool when the connection went.
    for (let more = 0; more < 3; more++) await again.next("result", clock);
    await clock.advance(5_000);
    expect([...new Set(again.all("result").map(({ attempt }) => attempt.number))]).toEqual([2, 3, 4, 5]);
    expect(seen.flatMap((batch) => batch.ids)).not.toContain(60);
  });

  test("comes again however many models it has loaded: it says so of the last ones", async () => {
    const many = Array.from({ length: 1_024 }, (_, n) => `old-${n}`);
    const { gateway, clock } = fleetOfOne({ traits: { label: "a test", host: "machine", runtime: "node", devices: ["cpu"], cpus: 4, gpus: 0, memoryBytes: 2 ** 30, models: many, runsCode: false } });
    const { connection } = await gateway.connected(1, segmentOf({}, { description: { model: { hash: "new", files: [] } } } as never));
    connection.lease({ block: 0, rows: ids(0, 2), attempt: 1 });
    await connection.next("result");
    connection.close();
    await until(() => clock.sleeping > 0);
    await clock.advance(2_000);
    const { hello } = await gateway.connected(2);
    expect(hello.worker?.models).toEqual([...many.slice(1), "new"]);
  });

  test("takes what it told of segments along, but for those that are computed: of jobs that ended meanwhile nobody says so", async () => {
    const { gateway, clock, events } = fleetOfOne({}, { batchMs: () => 1_000 });
    const { connection } = await gateway.connected(1, segmentOf(), segmentOf({}, { job: "other" }));
    connection.lease({ block: 0, rows: ids(0, 2), attempt: 1 });
    await until(() => events.some(({ kind }) => kind === "computing"));
    connection.close();
    await until(() => events.at(-1)?.kind === "disconnected");
    await clock.advance(400);
    const { connection: again } = await gateway.connected(2);
    again.lease({ block: 1, rows: ids(0, 2), attempt: 2 }, { job: "other", block: 0, rows: ids(0, 2), attempt: 3 });
    expect((await again.next("result", clock)).message.attempt).toEqual(attemptOf(1));
    expect((await again.next("result", clock)).message.attempt).toEqual(attemptOf(2));
    await until(() => again.all("failed").length > 0, clock);
    expect(again.all("failed")[0]).toMatchObject({ attempt: attemptOf(3), error: { message: expect.stringContaining("never told of") as string } });
  });

  test("is tried ever more rarely, and forgotten once one was good", async () => {
    const { gateway, clock, events } = fleetOfOne();
    gateway.unreachable = new Error("nobody listens");
    await until(() => events.some(({ kind }) => kind === "disconnected"));
    await clock.advance(120_000);
    const waits = events.flatMap((event) => (event.kind === "disconnected" ? [event.retryMs ?? 0] : []));
    expect(waits.slice(0, 8)).toEqual([375, 750, 1500, 3000, 6000, 12000, 22500, 22500]);
    gateway.unreachable = undefined;
    await clock.advance(30_000);
    const { connection } = await gateway.connected(1);
    await until(() => connection.all("beat").length > 0);
    await clock.advance(20_000);
    connection.close();
    await until(() => events.at(-1)?.kind === "disconnected");
    expect(events.at(-1)).toMatchObject({ error: { code: "connection-lost" }, retryMs: 375 });
  });

  test("is given up when it stays dumb, as one is that never said welcome", async () => {
    const { gateway, clock, events } = fleetOfOne();
    await until(() => gateway.connections.length === 1);
    await gateway.connections[0]?.next("hello");
    await clock.advance(20_000);
    await until(() => gateway.connections[0]?.closed === true);
    await clock.advance(500);
    const { connection } = await gateway.connected(2, segmentOf());
    connection.lease({ block: 0, rows: ids(0, 2), attempt: 1 });
    await connection.next("result");
    // As long as beats are answered, a result is asked for its answer again and again.
    for (let second = 0; second < 45; second++) await clock.advance(1_000);
    expect(connection.all("result").length).toBeGreaterThanOrEqual(2);
    expect(connection.closed).toBe(false);
    connection.lost = true;
    for (let second = 0; second < 20; second++) await clock.advance(1_000);
    await until(() => connection.closed);
    expect(events.findLast((event) => event.kind === "disconnected")).toMatchObject({ error: { message: expect.stringContaining("said nothing for 15 s") as string } });
  });
});

test("bytes of a message that is not whole yet are life, and as little as answers to pings is none", async () => {
  const slow = new ScriptedGateway();
  let receivedBytes = 0;
  const { clock, events } = fleetOfOne({
    dial: async (signal) => {
      const channel = await slow.dial(signal);
      return { send: (message, payload) => channel.send(message, payload), listen: (listener) => channel.listen(listener), close: () => channel.close(), bufferedBytes: 0, get receivedBytes() {
        return receivedBytes;
      } };
    },
  });
  const { connection } = await slow.connected(1);
  connection.lost = true;
  for (let second = 0; second < 60; second++) {
    receivedBytes += 2_000;
    await clock.advance(1_000);
  }
  expect(connection.closed).toBe(false);
  for (let second = 0; second < 20; second++) {
    receivedBytes += 6;
    await clock.advance(1_000);
  }
  await until(() => connection.closed);
  expect(events.findLast((event) => event.kind === "disconnected")).toMatchObject({ error: { code: "connection-lost" } });
});

test("a coordinator that refuses it for good ends it; another time may do", async () => {
  const { gateway, clock, agent, events, host } = fleetOfOne();
  await until(() => gateway.connections.length === 1);
  const error = new ShoalError("too-many-connections", "Come later.").toData();
  gateway.connections[0]?.send({ kind: "bye", error, again: true });
  await until(() => events.at(-1)?.kind === "disconnected");
  await clock.advance(500);
  const { connection } = await gateway.connected(2);
  connection.send({ kind: "bye", error: new ShoalError("invite-revoked", "That invite was taken back.").toData(), again: false });
  await expect(agent.ended).rejects.toMatchObject({ code: "invite-revoked" });
  expect(events.at(-1)).toMatchObject({ kind: "ended", error: { code: "invite-revoked" } });
  expect([gateway.dials, host.alive, clock.sleeping]).toEqual([2, 0, 0]);
});

describe("draining", () => {
  test("finishes what runs, gives back the rest, and ends when all is settled", async () => {
    const { gateway, clock, agent, host, events } = fleetOfOne({}, { batchMs: () => 100 });
    const { connection } = await gateway.connected(1, segmentOf());
    connection.lease(...[1, 2, 3, 4, 5].map((attempt) => ({ block: attempt, rows: ids(10 * attempt, 2), attempt })));
    await until(() => clock.sleeping > 4);
    const drained = agent.drain("the lid is closing");
    expect((await connection.next("draining")).message.finishing).toEqual([1, 2, 3]);
    connection.lease({ block: 9, rows: ids(90, 2), attempt: 9 });
    for (let block = 0; block < 3; block++) {
      const { message } = await connection.next("result", clock);
      expect(kinds(events)).not.toContain("ended");
      connection.settle(message);
    }
    await drained;
    expect(connection.all("result").length).toBe(3);
    expect(events).toContainEqual({ kind: "draining", why: "the lid is closing", blocks: 3 });
    expect([host.alive, kinds(events).at(-1)]).toEqual([0, "ended"]);
    await until(() => connection.closed);
  });

  test("ends at once without a connection, and when the coordinator asks for it and nothing runs", async () => {
    const away = fleetOfOne();
    away.gateway.unreachable = new Error("nobody listens");
    await until(() => kinds(away.events).includes("disconnected"));
    await away.agent.drain("enough");
    const { gateway, agent } = fleetOfOne();
    const { connection } = await gateway.connected();
    connection.send({ kind: "drain", why: "the coordinator stops" });
    await agent.ended;
    expect(connection.all("draining")).toEqual([{ kind: "draining", finishing: [] }]);
  });
});

test("its signal ends it at once, whatever it computes", async () => {
  const stop = new AbortController();
  const { gateway, agent, host, clock } = fleetOfOne({ signal: stop.signal }, { hangs: () => true });
  const { connection } = await gateway.connected(1, segmentOf());
  connection.lease({ block: 0, rows: ids(0, 2), attempt: 1 });
  await until(() => host.alive === 1);
  stop.abort();
  await agent.ended;
  expect([host.alive, host.killed, clock.sleeping]).toEqual([0, 1, 0]);
  expect(connection.all("failed")).toEqual([]);
});

test("a paused worker says so, gives back what it has not begun, and goes on when told", async () => {
  const { gateway, clock, agent } = fleetOfOne({}, { batchMs: () => 100 });
  const { connection } = await gateway.connected(1, segmentOf());
  connection.lease(...[1, 2, 3, 4].map((attempt) => ({ block: attempt, rows: ids(10 * attempt, 2), attempt })));
  await until(() => clock.sleeping > 4);
  agent.pause();
  expect((await connection.next("ready")).message).toEqual({ kind: "ready", credit: 0, finishing: [1, 2, 3] });
  await until(() => connection.all("beat").at(-1)?.state === "paused");
  // What was begun is nearly done, whoever else has it now.
  connection.send({ kind: "revoke", why: "moved", tasks: [{ task: { job: "job", segment: 0, block: 1, first: 0, rows: 2 }, attempt: attemptOf(1) }] });
  connection.lease({ block: 7, rows: ids(70, 2), attempt: 7 });
  for (let block = 0; block < 3; block++) await connection.next("result", clock);
  await clock.advance(1_000);
  expect(new Set(connection.all("result").map(({ attempt }) => attempt.number))).toEqual(new Set([1, 2, 3]));
  agent.resume();
  expect((await connection.next("ready")).message).toEqual({ kind: "ready", credit: 2 });
  connection.lease({ block: 8, rows: ids(80, 2), attempt: 8 });
  expect(valuesOf((await connection.next("result", clock)).payload)).toEqual([160, 162]);
});

test("it takes no leases while too many results wait to be settled", async () => {
  const { gateway } = fleetOfOne({ maxHeldBytes: 1 });
  const { connection } = await gateway.connected(1, segmentOf());
  connection.lease({ block: 1, rows: ids(10, 2), attempt: 1 });
  const { message } = await connection.next("result");
  expect((await connection.next("ready")).message.credit).toBe(0);
  connection.settle(message);
  expect((await connection.next("ready")).message.credit).toBe(2);
});
