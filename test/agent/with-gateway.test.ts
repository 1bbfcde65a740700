import { memoryChannel, runAgent, type AgentEvent, type Gateway, type GatewayToWorker, type WorkerToGateway } from "@shoal/cluster";
import { columnFromValues, columnValues, requireColumn } from "@shoal/core";
import { FakeActorHost, seededRandom, withFaults, type Faults } from "@shoal/testing";
import { expect, onTestFinished, test } from "vitest";
import { closeLater, openGateway, passUntil } from "../cluster/open-gateway.ts";
import { numbers, ScriptedDriver } from "../cluster/scripted-driver.ts";
import type { FakeClock } from "@shoal/testing";

/** An agent on a gateway of this process; `cut` breaks its connection. */
function lend(gateway: Gateway, clock: FakeClock, name: string, faults: Faults = {}) {
  const random = seededRandom(name.length);
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const events: AgentEvent[] = [];
  const host = new FakeActorHost({
    clock,
    load: async (_spec, actor) =>
      withFaults({
        rows: "same", stateful: false,
        predict: async (batch) => ({ rows: batch.rows, columns: { twice: columnFromValues(columnValues(requireColumn(batch, "n")).map((n) => 2 * (n as number))) }, lineage: [] }),
      }, "n", faults, actor, clock),
  });
  let cut = (): void => {};
  const agent = runAgent({
    name, host, clock, random: () => random.next(), signal: stop.signal, resources: { cpus: 1, gpus: 0, memory: 2 ** 30 }, devices: { candidates: () => Promise.resolve(["cpu"]) },
    dial: async () => {
      const [near, far] = memoryChannel<WorkerToGateway, GatewayToWorker>();
      cut = () => far.close();
      gateway.accept(far as never, {});
      return near;
    },
    traits: { label: name, host: "machine", runtime: "node", devices: ["cpu"], cpus: 1, gpus: 0, memoryBytes: 2 ** 30, models: [], runsCode: false },
    modelUrl: () => "unused", onEvent: (event) => void events.push(event),
  });
  return { agent, host, events, cut: () => cut() };
}

test("agents of unlike speed do a job between them; connections that break, actors that die and rows that fail change nothing", { timeout: 60_000 }, async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway, clock } = opened;
  const blocks = numbers(60, 8);
  const driver = new ScriptedDriver({ blocks }).connect(gateway);
  const random = seededRandom(5);
  const fast = lend(gateway, clock, "fast", { batchMs: (rows) => 10 * rows, bad: (n) => n === 77 });
  const slow = lend(gateway, clock, "slower", { batchMs: (rows) => 60 * rows, bad: (n) => n === 77 });
  const frail = lend(gateway, clock, "frailest", { batchMs: (rows) => 20 * rows, bad: (n) => n === 77, chance: () => (random.chance(0.1) ? "crash" : undefined) });
  let beats = 0;
  await passUntil(clock, () => {
    if (++beats % 40 === 0) fast.cut();
    return driver.done.size === blocks.length;
  });
  expect(driver.values()).toEqual(blocks.flat().filter((n) => n !== 77).map((n) => 2 * n));
  expect(driver.all("part").flatMap(({ failures }) => failures)).toMatchObject([{ row: 5 }]);
  expect(gateway.snapshot().refused).toEqual({});
  expect(frail.host.crashed + slow.host.spawned).toBeGreaterThan(1);
  const drained = [fast, slow, frail].map(({ agent }) => agent.drain("the test is over"));
  let over = false;
  void Promise.all(drained).then(() => (over = true));
  await passUntil(clock, () => over);
});

test("a paused agent gives its blocks to others, and one that is drained leaves nothing undone", { timeout: 60_000 }, async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway, clock } = opened;
  const blocks = numbers(30, 8);
  const driver = new ScriptedDriver({ blocks }).connect(gateway);
  const one = lend(gateway, clock, "one", { batchMs: (rows) => 20 * rows });
  await passUntil(clock, () => driver.done.size > 3);
  one.agent.pause();
  await passUntil(clock, () => gateway.snapshot().workers[0]?.state === "paused");
  const two = lend(gateway, clock, "two", { batchMs: (rows) => 20 * rows });
  await passUntil(clock, () => driver.done.size > 15);
  one.agent.resume();
  let over = false;
  void two.agent.drain("the lid is closed").then(() => (over = true));
  await passUntil(clock, () => over && driver.done.size === blocks.length);
  expect(driver.values()).toEqual(blocks.flat().map((n) => 2 * n));
  expect(gateway.snapshot().refused).toEqual({});
});
