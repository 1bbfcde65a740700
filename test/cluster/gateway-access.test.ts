// Rows 19 and 23 of the fault table: who may come in, as whom, and with which version.
import { memoryChannel, memoryEngine, type LeasedTask, type WorkerTraits } from "@shoal/cluster";
import { decodeBlock } from "@shoal/core/arrow";
import { FakeClock } from "@shoal/testing";
import { expect, test } from "vitest";
import { closeLater, openGateway, passUntil } from "./open-gateway.ts";
import { blockBytes, numbers, ScriptedDriver, segmentWith } from "./scripted-driver.ts";
import { doubles, ScriptedWorker, twice } from "./scripted-worker.ts";
import { until } from "./until.ts";

const outside = { address: "192.0.2.1" };

test("an older or newer protocol is refused, saying which side to update", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const worker = new ScriptedWorker("old", { hello: { protocol: 0 } }).connect(opened.gateway);
  await until(() => worker.isClosed);
  expect(worker.bye).toMatchObject({ again: false, error: { code: "protocol-mismatch", hint: expect.stringContaining("Update Shoal") } });
});

test("who comes from outside needs a link that allows it, and one that is still good", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway, clock } = opened;
  const { token: submits } = await gateway.invite(["submit"]);
  const { token: works, invite } = await gateway.invite(["work"], { ttlMs: 60_000 });
  const tries: [string | undefined, string][] = [[undefined, "token-missing"], ["nonsense", "bad-token"], [submits, "not-allowed"]];
  for (const [token, code] of tries) {
    const worker = new ScriptedWorker("a", { origin: outside, hello: token === undefined ? {} : { token } }).connect(gateway);
    await until(() => worker.isClosed);
    expect(worker.bye).toMatchObject({ again: false, error: { code } });
  }
  const worker = new ScriptedWorker("a", { origin: outside, hello: { token: works } }).connect(gateway);
  const { key } = await worker.welcome();
  expect([gateway.allows(works, "work"), gateway.allows(works, "submit"), gateway.allows(key, "work"), gateway.allows("nonsense", "work")]).toEqual([true, false, true, false]);
  expect(gateway.invites().find(({ id }) => id === invite.id)).toMatchObject({ used: 1, revoked: false, scopes: ["work"] });
  await clock.advance(61_000);
  const late = new ScriptedWorker("b", { origin: outside, hello: { token: works } }).connect(gateway);
  await until(() => late.isClosed);
  expect(late.bye).toMatchObject({ error: { code: "token-expired" } });
  expect(gateway.allows(works, "work")).toBe(false);
});

test("a name belongs to who has its key; a revoked link closes its connections and lets nobody in, not after a restart either", async () => {
  const clock = new FakeClock();
  const engine = memoryEngine({ clock });
  const { gateway } = await openGateway({ clock, engine });
  const { token, invite } = await gateway.invite(["work"]);
  const first = new ScriptedWorker("a", { origin: outside, hello: { token } }).connect(gateway);
  const { key } = await first.welcome();
  const impostor = new ScriptedWorker("a", { origin: outside, hello: { token } }).connect(gateway);
  await until(() => impostor.isClosed);
  expect(impostor.bye).toMatchObject({ again: true, error: { code: "name-taken" } });
  const otherName = new ScriptedWorker("b", { origin: outside, hello: { key } }).connect(gateway);
  await until(() => otherName.isClosed);
  expect(otherName.bye).toMatchObject({ error: { code: "bad-token" } });
  expect(first.isClosed).toBe(false);
  const second = new ScriptedWorker("a", { origin: outside, hello: { key } }).connect(gateway);
  await second.welcome();
  await until(() => first.isClosed);
  expect(first.bye).toMatchObject({ again: false, error: { code: "replaced" } });

  await gateway.revoke(invite.id);
  await until(() => second.isClosed);
  expect(second.bye).toMatchObject({ again: false, error: { code: "invite-revoked" } });
  expect(gateway.allows(token, "work")).toBe(false);
  await gateway.close();
  const next = await openGateway({ clock, engine });
  closeLater(next);
  for (const hello of [{ key }, { token }]) {
    const again = new ScriptedWorker("a", { origin: outside, hello }).connect(next.gateway);
    await until(() => again.isClosed);
    expect(again.bye).toMatchObject({ error: { code: "invite-revoked" } });
  }
});

test("connections are limited, of one address and in all; one that says nothing ends", async () => {
  const opened = await openGateway({ settings: { connectionsPerAddress: 1, connections: 2 } });
  closeLater(opened);
  const { gateway, clock } = opened;
  const { token } = await gateway.invite(["work"]);
  const from = (address: string, name: string): ScriptedWorker => new ScriptedWorker(name, { origin: { address }, hello: { token } }).connect(gateway);
  const first = from("192.0.2.1", "a");
  await first.welcome();
  const sameAddress = from("192.0.2.1", "b");
  await until(() => sameAddress.isClosed);
  expect(sameAddress.bye).toMatchObject({ again: true, error: { code: "too-many-connections" } });
  await from("192.0.2.2", "c").welcome();
  const third = from("192.0.2.3", "d");
  await until(() => third.isClosed);
  expect(third.bye).toMatchObject({ error: { code: "too-many-connections" } });
  first.disconnect();
  await until(() => gateway.snapshot().workers.find(({ worker }) => worker === "a")?.state === "gone");
  await from("192.0.2.1", "b").welcome();

  const [near, far] = memoryChannel();
  let closed = false;
  near.listen({ message: () => {}, closed: () => (closed = true) });
  gateway.accept(far as never, {});
  await clock.advance(10_000);
  await until(() => closed);
  expect(gateway.snapshot().refused).toMatchObject({ "no-hello": 1, "too-many-connections": 2 });
});

test("of somebody who is not let in yet little is kept", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway } = opened;
  const { token } = await gateway.invite(["submit"]);
  const hasty = new ScriptedDriver({ origin: { address: "192.0.2.1" }, hello: { token } }).connect(gateway);
  for (let block = 0; block < 3; block++) hasty.say({ kind: "offer", job: "job", segment: 0, block, rows: 1 }, new Uint8Array(2 ** 19));
  await until(() => hasty.isClosed);
  expect(hasty.heard.map(({ message }) => message)).toMatchObject([{ kind: "bye", again: false, error: { code: "bad-message", message: expect.stringContaining("before the welcome") } }]);
});

test("volunteers and tabs see only jobs for volunteers; code goes only to machines that run it", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway } = opened;
  const { token } = await gateway.invite(["work"], { volunteer: true });
  const workers = {
    volunteer: new ScriptedWorker("volunteer", { origin: outside, hello: { token } }).connect(gateway),
    tab: new ScriptedWorker("tab", { traits: { host: "tab", runsCode: true } }).connect(gateway),
    own: new ScriptedWorker("own").connect(gateway),
  };
  for (const worker of Object.values(workers)) await worker.welcome();
  const secret = new ScriptedDriver({ job: "secret", blocks: numbers(8) }).connect(gateway);
  await secret.finished();
  expect([workers.volunteer.tasks, workers.tab.tasks]).toEqual([[], []]);
  expect(workers.own.tasks.length).toBeGreaterThan(0);

  workers.own.disconnect();
  const open = new ScriptedDriver({ job: "open", blocks: numbers(8), description: { volunteers: true } }).connect(gateway);
  await open.finished();
  expect(workers.volunteer.tasks.length + workers.tab.tasks.length).toBeGreaterThan(7);

  const module = segmentWith({ spec: { kind: "module", name: "own", module: "file:///own.js", export: "own", args: null, batchFormat: "columns", rows: "same", stateful: false, phases: ["predict"] } });
  const code = new ScriptedDriver({ job: "code", blocks: numbers(2), description: { volunteers: true, segments: [module] } }).connect(gateway);
  await until(() => gateway.snapshot().jobs.find(({ job }) => job === "code")?.bottleneck.includes("--allow-code"));
  new ScriptedWorker("developer", { traits: { runsCode: true } }).connect(gateway);
  await code.finished();
  expect(code.parts(0)).toMatchObject([{ message: { worker: "developer" } }]);
});

test("the driver is told of all workers that are there, one that leaves and finishes what it has among them", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway, clock } = opened;
  const driver = new ScriptedDriver().connect(gateway);
  const workers = ["stays", "leaves"].map((name) => new ScriptedWorker(name, { script: () => "silent" }).connect(gateway));
  const [, { attempt }] = (await Promise.all(workers.map((worker) => worker.task()))) as [LeasedTask, LeasedTask];
  workers[1]?.say({ kind: "draining", finishing: [attempt.number] });
  await passUntil(clock, () => gateway.snapshot().workers.some(({ state }) => state === "draining"));
  await clock.advance(1_000);
  expect(driver.all("fleet").at(-1)).toMatchObject({ workers: 2, busy: 2 });
});

test.each<[string, Parameters<typeof segmentWith>[0], Partial<WorkerTraits>, string]>([
  ["a device", { device: "cuda" }, { devices: ["cpu"] }, "needs cuda: the one worker has it not"],
  ["CPUs", { numCpus: 8 }, { cpus: 4 }, "needs 8 CPUs for each actor: the one worker has 4 at most"],
  ["GPUs", { numGpus: 2 }, { devices: ["cuda"], gpus: 1 }, "needs 2 GPUs for each actor: the one worker has 1 at most"],
  ["memory", { memory: 16e9 }, { memoryBytes: 8e9 }, "needs 16 GB of memory for each actor: the one worker has 8.0 GB at most"],
])("a worker without the %s of one actor gets nothing, and the driver is told why", async (_, plan, traits, notice) => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway, clock } = opened;
  const driver = new ScriptedDriver({ description: { segments: [segmentWith(plan)] } }).connect(gateway);
  const worker = new ScriptedWorker("small", { traits }).connect(gateway);
  await worker.welcome();
  await until(() => driver.offered > 0);
  await clock.advance(1_000);
  expect(driver.all("fleet").at(-1)).toEqual({ kind: "fleet", job: "job", segment: 0, workers: 0, busy: 0, loading: 0, notice });
  await until(() => gateway.snapshot().jobs[0]?.bottleneck === `Nobody can do double(doubler): ${notice}.`);
  expect(worker.tasks).toEqual([]);
  new ScriptedWorker("large", { traits: { cpus: 64, gpus: 8, memoryBytes: 1e12, devices: ["cuda", "cpu"] } }).connect(gateway);
  await driver.finished();
});

test("a gateway that lost the role of a job puts that job down: its driver is to come again, what workers have counts, and nothing else ends", async () => {
  const clock = new FakeClock();
  const engine = memoryEngine({ clock });
  const notices: string[] = [];
  let isStuck = false;
  // It is stuck: the role runs out before it can renew it.
  const stuck = { ...engine, leader: { shortestTtlMs: engine.leader.shortestTtlMs, acquire: async (role: string, ttlMs: number, signal?: AbortSignal) => {
    const held = await engine.leader.acquire(role, ttlMs, signal);
    return { role, epoch: held.epoch, lost: held.lost, renew: async () => !isStuck && held.renew(), release: () => held.release() };
  } } };
  const opened = await openGateway({ clock, engine: stuck, onNotice: (message) => notices.push(message) });
  closeLater(opened);
  const { gateway } = opened;
  const driver = new ScriptedDriver({ blocks: numbers(2) }).connect(gateway);
  const worker = new ScriptedWorker("a", { script: () => "silent" }).connect(gateway);
  const leased = await worker.task();
  isStuck = true;
  await clock.advance(5_000);
  await until(() => driver.isClosed);
  expect(driver.all("bye")).toMatchObject([{ again: true, error: { code: "gateway-deposed" } }]);
  expect(notices).toEqual([expect.stringContaining("leads job the job job no more")]);
  await worker.result(leased, twice(decodeBlock(blockBytes(numbers(2)[leased.task.block] ?? []))));
  await until(() => worker.held.size === 0);
  expect([worker.isClosed, worker.all("refuse"), await engine.ledger.committed("job", `0-${leased.task.block}-0-4`)]).toMatchObject([false, [], { kind: "result", worker: "a" }]);
  isStuck = false;
  worker.script = doubles;
  worker.disconnect();
  worker.connect(gateway);
  driver.connect(gateway);
  await driver.finished();
  expect(driver.values()).toEqual(numbers(2).flat().map((n) => 2 * n));
});

test("the key of a connection of this process fetches files as long as the process lives, and lets nobody in from outside", async () => {
  const opened = await openGateway();
  closeLater(opened);
  const { gateway, clock } = opened;
  const own = new ScriptedWorker("own").connect(gateway);
  const { key } = await own.welcome();
  const thief = new ScriptedWorker("own", { origin: outside, hello: { key } }).connect(gateway);
  await until(() => thief.isClosed);
  expect(thief.bye).toMatchObject({ error: { code: "token-expired" } });
  await clock.advance(3_600_000);
  expect(gateway.allows(key, "work")).toBe(true);
});
