import { createHash } from "node:crypto";
import { decodeBlock } from "@shoal/core/arrow";
import { describe, expect, test } from "vitest";
import { fleetOfOne, ids, segmentOf, valuesOf } from "./fleet-of-one.ts";
import { attemptOf, until, type ScriptedConnection } from "./scripted-gateway.ts";

describe("tasks", () => {
  test("are computed in the order of their leases, and only the new columns are sent back", async () => {
    const { gateway } = fleetOfOne();
    const { hello, connection } = await gateway.connected(1, segmentOf());
    expect(hello).toMatchObject({ role: "worker", name: "w1", token: "token", worker: { label: "a test", devices: ["cpu"], runsCode: false } });
    connection.lease({ block: 4, rows: ids(40, 3), attempt: 1, input: "named" }, { block: 2, rows: ids(20, 2), attempt: 2 });
    const first = await connection.next("result");
    expect(first.message).toMatchObject({ task: { job: "job", segment: 0, block: 4, first: 0, rows: 3 }, attempt: attemptOf(1), input: "named", rows: 3, failures: [], stats: { device: "cpu", batches: [3] } });
    expect(Object.keys(decodeBlock(first.payload as Uint8Array).columns)).toEqual(["doubled"]);
    expect(valuesOf(first.payload)).toEqual([80, 82, 84]);
    expect(first.message.sha256).toBe(createHash("sha256").update(first.payload as Uint8Array).digest("hex"));
    const second = await connection.next("result");
    expect(second.message.attempt).toEqual(attemptOf(2));
    expect(valuesOf(second.payload)).toEqual([40, 42]);
  });

  test("are told without their SHA-256 where the coordinator names results, and with it to one that doesn't, those that are held too", async () => {
    const { gateway, clock } = fleetOfOne();
    await until(() => gateway.connections.length === 1);
    const connection = gateway.connections[0] as ScriptedConnection;
    connection.welcome("key", true);
    connection.send(segmentOf());
    connection.lease({ block: 0, rows: ids(0, 2), attempt: 1 });
    const first = await connection.next("result");
    expect(first.message).not.toHaveProperty("sha256");
    connection.close();
    await until(() => gateway.connections.length === 2, clock);
    const { connection: older } = await gateway.connected(2, segmentOf());
    const again = await older.next("result");
    expect(again.message).toEqual({ ...first.message, sha256: createHash("sha256").update(first.payload as Uint8Array).digest("hex") });
  });

  test("say which rows could not be done", async () => {
    const { gateway } = fleetOfOne({}, { bad: (id) => id === 12 });
    const { connection } = await gateway.connected(1, segmentOf());
    connection.lease({ block: 0, rows: ids(10, 4), attempt: 1 });
    const { message, payload } = await connection.next("result");
    expect(message.failures).toMatchObject([{ row: 2, error: { message: expect.stringContaining("a bad row") as string } }]);
    expect([message.rows, valuesOf(payload)]).toEqual([3, [20, 22, 26]]);
  });

  test("whose rows can all not be done are a result too", async () => {
    const { gateway } = fleetOfOne({}, { bad: () => true });
    const { connection } = await gateway.connected(1, segmentOf());
    connection.lease({ block: 0, rows: ids(0, 2), attempt: 1 });
    const { message, payload } = await connection.next("result");
    expect([message.rows, message.failures.map(({ row }) => row), decodeBlock(payload as Uint8Array).rows]).toEqual([0, [0, 1], 0]);
  });

  test("of a model that the coordinator has are computed with its copy", async () => {
    const { gateway, host, clock } = fleetOfOne({}, {}, { load: () => clock.sleep(700) });
    const { connection } = await gateway.connected(1, segmentOf({}, { description: { model: { hash: "m1", files: [{ path: "config.json", sha256: "0", bytes: 50 }] } } } as never));
    connection.lease({ block: 0, rows: ids(0, 2), attempt: 1 });
    await until(() => host.requests.length === 1);
    expect(host.requests[0]?.spec).toMatchObject({ model: "https://coordinator.example/models/~key/m1/" });
    await until(() => connection.all("beat").some(({ state }) => state === "loading"));
    expect(connection.all("beat").at(-1)).toMatchObject({ state: "loading", running: attemptOf(1), rows: 0, loading: { doneBytes: 0, bytes: 50 } });
    await clock.advance(700);
    expect((await connection.next("ready")).message).toEqual({ kind: "ready", model: "m1", loadMs: 700 });
    await connection.next("result");
    // Who connects again says what it has.
    connection.close();
    await until(() => clock.sleeping > 0);
    await clock.advance(2_000);
    const { hello } = await gateway.connected(2);
    expect(hello.worker?.models).toEqual(["m1"]);
  });

  test("wait for their model, and every beat tells how much of it is there; a job that ends stops the fetching", async () => {
    let arrive: (bytes: number) => void = () => {};
    let fetching: AbortSignal | undefined;
    const { gateway, clock, host, events } = fleetOfOne({
      fetchModel: (spec, { hash }, tell, signal) => {
        expect([spec.model, hash]).toEqual(["https://coordinator.example/models/~key/m1/", "m1"]);
        fetching = signal;
        return new Promise((resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
          arrive = (bytes) => (bytes < 50 ? tell(bytes) : resolve());
        });
      },
    });
    const model = { hash: "m1", files: [{ path: "config.json", sha256: "0", bytes: 50 }] };
    const { connection } = await gateway.connected(1, segmentOf({}, { description: { model } } as never), segmentOf({}, { job: "other", description: { model } } as never));
    connection.lease({ block: 0, rows: ids(0, 2), attempt: 1 });
    await until(() => fetching !== undefined);
    arrive(20);
    await clock.advance(1_000);
    expect(connection.all("beat").at(-1)).toMatchObject({ state: "loading", loading: { doneBytes: 20, bytes: 50 } });
    expect(events).toContainEqual({ kind: "loading", name: "double", doneBytes: 20, bytes: 50 });
    connection.send({ kind: "job-ended", job: "job" });
    await until(() => fetching?.aborted === true);
    connection.lease({ block: 0, rows: ids(0, 2), attempt: 2, job: "other" });
    await until(() => fetching?.aborted === false);
    expect(host.spawned).toBe(0);
    arrive(50);
    expect((await connection.next("result")).message.attempt).toEqual(attemptOf(2));
    expect(connection.all("failed")).toEqual([]);
  });

  test("that are revoked are not begun, and what was begun is dropped", async () => {
    const { gateway, clock, seen } = fleetOfOne({}, { batchMs: () => 100 });
    const { connection } = await gateway.connected(1, segmentOf());
    connection.lease(...[1, 2, 3, 4, 5].map((attempt) => ({ block: attempt, rows: ids(10 * attempt, 2), attempt })));
    await until(() => clock.sleeping > 4);
    connection.send({ kind: "revoke", why: "committed", tasks: [1, 5].map((attempt) => ({ task: { job: "job", segment: 0, block: attempt, first: 0, rows: 2 }, attempt: attemptOf(attempt) })) });
    const answered = (): Set<number> => new Set(connection.all("result").map(({ attempt }) => attempt.number));
    await until(() => answered().size >= 3, clock);
    await clock.advance(1_000);
    expect([...answered()]).toEqual([2, 3, 4]);
    expect(seen.flatMap((batch) => batch.ids)).not.toContain(50);
  });

  test("that stand still are revoked: their actors are ended, and the others begin anew", async () => {
    let hangs = true;
    const { gateway, host, events } = fleetOfOne({}, { hangs: (id) => hangs && id === 10 });
    const { connection } = await gateway.connected(1, segmentOf());
    connection.lease({ block: 1, rows: ids(10, 2), attempt: 1 }, { block: 2, rows: ids(20, 2), attempt: 2 });
    await until(() => events.some(({ kind }) => kind === "computing") && host.alive === 1);
    hangs = false;
    connection.send({ kind: "revoke", why: "stalled", tasks: [{ task: { job: "job", segment: 0, block: 1, first: 0, rows: 2 }, attempt: attemptOf(1) }] });
    expect((await connection.next("result")).message.attempt).toEqual(attemptOf(2));
    expect([host.killed, host.spawned]).toEqual([1, 2]);
    expect(connection.all("failed")).toEqual([]);
  });
});

describe("beats", () => {
  test("tell of what nobody wants any more while it holds the actors, and what waits behind it begins once that is ended", async () => {
    let hangs = true;
    const { gateway, host, clock } = fleetOfOne({}, { hangs: () => hangs });
    const { connection } = await gateway.connected(1, segmentOf());
    // The actor has room for three.
    connection.lease(...[1, 2, 3, 4].map((attempt) => ({ block: attempt, rows: ids(attempt * 10, 2), attempt })));
    await until(() => host.actors[0]?.progress.phase === "predict" && connection.all("beat").some(({ running }) => running?.number === 1), clock);
    const task = (block: number) => ({ task: { job: "job", segment: 0, block, first: 0, rows: 2 }, attempt: attemptOf(block) });
    connection.send({ kind: "revoke", why: "committed", tasks: [task(1), task(2), task(3)] });
    connection.lease({ block: 5, rows: ids(50, 2), attempt: 5 });
    const before = connection.all("beat").length;
    await until(() => connection.all("beat").length > before + 2, clock);
    expect(connection.all("beat").slice(before + 1).map(({ running }) => running?.number)).not.toContain(4);
    hangs = false;
    connection.send({ kind: "revoke", why: "stalled", tasks: [task(4)] });
    expect((await connection.next("result", clock)).message.attempt).toEqual(attemptOf(5));
    expect([host.killed, host.spawned]).toEqual([1, 2]);
  });

  test("come as often as was asked for, and tell the rows of the earliest task", async () => {
    const { gateway, clock } = fleetOfOne({}, { batchMs: () => 400 });
    const { connection } = await gateway.connected(1, segmentOf({ policy: { batchSize: 1 } } as never));
    connection.lease({ block: 0, rows: ids(0, 8), attempt: 7 }, { block: 1, rows: ids(100, 8), attempt: 8 });
    await until(() => connection.all("beat").some(({ running }) => running?.number === 8), clock);
    const beats = connection.all("beat").filter(({ running }) => running?.number === 7);
    const rows = beats.map((beat) => beat.rows);
    expect(rows).toEqual(rows.toSorted((a, b) => a - b));
    expect(Math.max(...rows)).toBeGreaterThanOrEqual(5);
    expect(beats.at(-1)).toMatchObject({ state: "computing", device: "cpu" });
    // Nothing of the block before it is counted as its own.
    expect(connection.all("beat").find(({ running }) => running?.number === 8)?.rows).toBeLessThan(8);
  });

  test("tell people what is the matter", async () => {
    const { gateway, agent } = fleetOfOne();
    const { connection } = await gateway.connected();
    agent.setNotice("the tab is hidden");
    await until(() => connection.all("beat").at(-1)?.notice === "the tab is hidden");
    agent.setNotice(undefined);
    await until(() => connection.all("beat").at(-1)?.notice === undefined);
    expect(connection.all("beat").at(-1)).toEqual({ kind: "beat", rows: 0, state: "waiting" });
  });
});

describe("models", () => {
  test("are loaded one at a time where nobody knows what they need", async () => {
    const { gateway, host } = fleetOfOne();
    const { connection } = await gateway.connected(1, segmentOf(), segmentOf({}, { segment: 1 }));
    connection.lease({ block: 0, rows: ids(0, 2), attempt: 1 }, { block: 0, rows: ids(0, 2), attempt: 2, segment: 1 }, { block: 1, rows: ids(0, 2), attempt: 3, segment: 1 });
    await until(() => connection.all("result").length === 3);
    expect([host.spawned, host.peakAlive, host.alive]).toEqual([2, 1, 1]);
  });

  test("stay beside each other where they fit", async () => {
    const { gateway, host } = fleetOfOne();
    const memory = 2 ** 27;
    const { connection } = await gateway.connected(1, segmentOf({ memory }), segmentOf({ memory }, { segment: 1 }));
    connection.lease({ block: 0, rows: ids(0, 2), attempt: 1 }, { block: 0, rows: ids(0, 2), attempt: 2, segment: 1 }, { block: 1, rows: ids(0, 2), attempt: 3 });
    await until(() => connection.all("result").length === 3);
    expect([host.spawned, host.alive]).toEqual([2, 2]);
  });

  test("go with their job, and when nothing came for them for long", async () => {
    const { gateway, host, clock, events } = fleetOfOne();
    const { connection } = await gateway.connected(1, segmentOf(), segmentOf({}, { job: "other" }));
    connection.lease({ block: 0, rows: ids(0, 2), attempt: 1 });
    await connection.next("result");
    connection.send({ kind: "job-ended", job: "job" });
    await until(() => host.alive === 0);
    expect(events).toContainEqual({ kind: "job-ended", job: "job" });
    connection.lease({ block: 0, rows: ids(0, 2), attempt: 2, job: "other" });
    await connection.next("result");
    expect(host.alive).toBe(1);
    await clock.advance(180_000);
    expect(host.alive).toBe(0);
  });
});

test("a share of the time is spent on resting", async () => {
  const { gateway, clock, agent, host } = fleetOfOne({ dutyCycle: 0.25 }, { batchMs: () => 100 });
  const { connection } = await gateway.connected(1, segmentOf());
  const computing = (): boolean => host.actors[0]?.progress.phase === "predict";
  connection.lease(...Array.from({ length: 6 }, (_, at) => ({ block: at, rows: ids(at, 1), attempt: at })));
  for (let block = 0; block < 3; block++) {
    await until(computing);
    await clock.advance(100);
    await connection.next("result");
    // It took 100 ms, so 300 are for the others; other news changes nothing about that.
    await clock.advance(200);
    agent.setNotice(`after ${block}`);
    await clock.advance(99);
    expect([computing(), connection.all("result").length]).toEqual([false, block + 1]);
    await clock.advance(1);
  }
  agent.setDutyCycle(1);
  await until(computing);
  for (let block = 3; block < 6; block++) await connection.next("result", clock);
  expect(() => agent.setDutyCycle(0)).toThrow(expect.objectContaining({ code: "bad-option" }) as Error);
});

type Settled = Parameters<ScriptedConnection["settle"]>[0];

test("rows that another was faster with, and rows that nobody wants, are not told as done", async () => {
  const { gateway, events } = fleetOfOne();
  const { connection } = await gateway.connected(1, segmentOf());
  connection.lease(...[1, 2, 3, 4].map((attempt) => ({ block: attempt, rows: ids(10 * attempt, 2), attempt })));
  for (let result = 0; result < 4; result++) await connection.next("result");
  const told = () => events.flatMap((event) => (event.kind === "progress" ? [[event.rows, event.blocks]] : [])).at(-1);
  await until(() => told()?.[1] === 4);
  const [first, second, third, fourth] = connection.all("result").map(({ task, attempt }) => ({ task, attempt })) as [Settled, Settled, Settled, Settled];
  const overtaken = { kind: "revoke", tasks: [first, fourth], why: "committed" } as const;
  connection.send(overtaken);
  await until(() => told()?.[1] === 2);
  // Said twice, and settled then: it is taken back once.
  connection.send(overtaken);
  connection.settle(first);
  connection.settle(second);
  connection.send({ kind: "refuse", ...third });
  await until(() => told()?.[1] === 1);
  expect(told()).toEqual([2, 1]);
});
