// Several `shoal serve --engine` on a real NATS server, workers and runs as processes: what comes out is what one machine writes.
import { describe, expect, onTestFinished, test } from "vitest";
import { passwords, startNatsConf } from "../deploy/start-nats-conf.ts";
import { CoordinatorView, theJob } from "../fleet/coordinator-view.ts";
import { blockRows, differing, onOneMachine, read, release, startJob, succeeded, testFolder } from "../fleet/reviews.ts";
import { startShoal, startWorker } from "../fleet/shoal-process.ts";
import { findNatsServer } from "../nats/find-nats-server.ts";
import { freePorts } from "../nats/free-ports.ts";
import { startNats, type NatsCluster } from "../nats/start-nats.ts";
import { metric, startGateway, type GatewayProcess } from "./gateway-processes.ts";

interface Two {
  readonly folder: string;
  readonly nats: NatsCluster;
  readonly gateways: readonly [GatewayProcess, GatewayProcess];
}

async function startTwo(): Promise<Two> {
  const folder = testFolder();
  const nats = await startNats();
  onTestFinished(() => nats[Symbol.asyncDispose]());
  const ports = await freePorts(2);
  const start = (name: string, at: number): Promise<GatewayProcess> => startGateway(folder, name, ports[at] ?? 0, { engine: nats.url, ports });
  return { folder, nats, gateways: [await start("one", 0), await start("two", 1)] };
}

const done = (view: CoordinatorView, blocks: number): Promise<unknown> =>
  view.until(`${blocks} blocks were done`, (snapshot) => (theJob(snapshot)?.segments[0]?.blocks.done ?? 0) >= blocks);

describe.skipIf(findNatsServer() === undefined)("gateways of one engine", { timeout: 200_000 }, () => {
  test("a run at one of them is computed by workers of both, equals one machine's, and leaves nothing in the engine", async () => {
    const { folder, gateways: [one, two] } = await startTwo();
    const rows = 60 * blockRows;
    const expected = await onOneMachine(folder, { rows });
    // The one at home rests most of the time: there is much that it won't begin soon.
    startWorker(folder, one.alone, "at one", { args: ["--duty", "0.2"] });
    startWorker(folder, two.alone, "at two");
    const there = new CoordinatorView(two);
    const job = startJob(folder, { rows, args: ["--on", one.alone.links.submit] });
    await there.until("the other's worker had done some", () => there.blocksOf("at two") > 0);
    // Told by the one that leads the job.
    expect(await metric(two, "shoal_backlog_blocks")).toBe(0);
    await succeeded(job);
    expect(differing(read(folder), expected)).toEqual([]);
    expect(two.process.err.text() + two.process.out.text()).toContain("helping one with job");
    // That of links, and that of the gateways themselves.
    await expect.poll(() => metric(one, "shoal_engine_ledgers"), { timeout: 20_000 }).toBe(2);
  });

  test("the gateway that leads the run is killed: workers and the run go on at the other", async () => {
    const { folder, gateways: [one, two] } = await startTwo();
    const rows = 150 * blockRows;
    const expected = await onOneMachine(folder, { rows });
    // By links that name both.
    const workers = ["a", "b"].map((label) => startWorker(folder, one, label));
    release(folder, 60 * blockRows);
    const job = startJob(folder, { rows, args: ["--on", one.links.submit] });
    const views = [new CoordinatorView(one), new CoordinatorView(two)] as const;
    const leads = (view: CoordinatorView): Promise<unknown> => view.until("it led the job", theJob);
    const home = await Promise.race(views.map(async (view, at) => leads(view).then(() => at, () => at)));
    const [killed, left] = home === 0 ? [one, two] : [two, one];
    await done(views[home] ?? views[0], 10);
    await killed.process.kill();
    release(folder, rows);
    await succeeded(job);
    expect(differing(read(folder), expected)).toEqual([]);
    for (const worker of workers) expect(worker.child.exitCode).toBeNull();
    expect((await fetch(`${left.url}healthz`)).status).toBe(200);
  });

  test("one that is asked to end sends workers and runs to the other, and ends with 0", async () => {
    const { folder, gateways: [one, two] } = await startTwo();
    const rows = 100 * blockRows;
    const expected = await onOneMachine(folder, { rows });
    // By the environment, as in a container.
    const worker = startShoal(folder, ["work", "--label", "a", "--cpus", "1", "--device", "cpu", "--json"], { env: { SHOAL_LINK: one.links.work } });
    release(folder, 30 * blockRows);
    const job = startJob(folder, { rows, args: ["--on", one.links.submit] });
    const views = [new CoordinatorView(one), new CoordinatorView(two)] as const;
    await Promise.race(views.map((view) => done(view, 5)));
    one.process.child.kill("SIGTERM");
    expect(await one.process.code).toBe(0);
    release(folder, rows);
    await succeeded(job);
    expect(differing(read(folder), expected)).toEqual([]);
    expect(worker.child.exitCode).toBeNull();
  });

  test("an engine that goes away stops commits and nothing else: when it is back, the run goes on", async () => {
    const { folder, nats, gateways: [one, two] } = await startTwo();
    const rows = 100 * blockRows;
    const expected = await onOneMachine(folder, { rows });
    startWorker(folder, one.alone, "at one");
    startWorker(folder, two.alone, "at two");
    release(folder, 30 * blockRows);
    const job = startJob(folder, { rows, args: ["--on", one.alone.links.submit] });
    const view = new CoordinatorView(one);
    await done(view, 5);
    await nats.kill(0);
    const health = async (): Promise<string> => (await fetch(`${one.url}healthz`)).text();
    await expect.poll(health, { timeout: 30_000 }).toMatch(/^paused: [^]*engine: paused: /);
    expect(await metric(one, "shoal_engine_up")).toBe(0);
    expect((await fetch(`${one.url}livez`)).status).toBe(200);
    release(folder, rows);
    await nats.restart(0);
    await succeeded(job);
    expect(differing(read(folder), expected)).toEqual([]);
    await expect.poll(health, { timeout: 30_000 }).toMatch(/^ok\n/);
    for (const { process } of [one, two]) expect(process.child.exitCode).toBeNull();
  });

  test("with the configuration that people are given: three nodes, TLS, a user with the least that a gateway needs", async () => {
    const folder = testFolder();
    const nodes = await startNatsConf();
    onTestFinished(() => nodes[Symbol.asyncDispose]());
    const ports = await freePorts(2);
    const settings = { engine: nodes.url, ports, args: ["--engine-ca", nodes.ca, "--replicas", "3"], env: { SHOAL_ENGINE_USER: "gateway", SHOAL_ENGINE_PASSWORD: passwords.SHOAL_GATEWAY_PASSWORD } };
    const [one, two] = [await startGateway(folder, "one", ports[0] ?? 0, settings), await startGateway(folder, "two", ports[1] ?? 0, settings)];
    const rows = 30 * blockRows;
    const expected = await onOneMachine(folder, { rows });
    const job = startJob(folder, { rows, args: ["--on", one.alone.links.submit] });
    // What workers are scaled by is told before there is any.
    await expect.poll(() => metric(one, "shoal_backlog_blocks"), { timeout: 30_000 }).toBeGreaterThan(0);
    // No worker where the run was brought: every block is lent.
    startWorker(folder, two.alone, "at two");
    await succeeded(job);
    expect(differing(read(folder), expected)).toEqual([]);
    const [, committed] = /shoal_engine_writes_total\{[^}]*kind="commit",outcome="accepted"\} (\d+)/.exec(await (await fetch(`${two.url}metrics`)).text()) ?? [];
    expect(Number(committed)).toBeGreaterThanOrEqual(30);
    for (const { process } of [one, two]) expect(process.err.text() + process.out.text()).not.toMatch(/permission|refused/i);
  });
});
