// Three servers, three gateways that reach them through lines that can be cut, workers and drivers as processes.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { Engine } from "@shoal/cluster";
import { openStore, type Store } from "@shoal/cluster/stores";
import { systemClock } from "@shoal/core";
import { openNatsEngine } from "@shoal/engine-nats";
import { onTestFinished } from "vitest";
import { CoordinatorView } from "../fleet/coordinator-view.ts";
import { testFolder } from "../fleet/reviews.ts";
import { startScript, startWorker, type CoordinatorLinks, type ShoalProcess } from "../fleet/shoal-process.ts";
import { startProxy, type TcpProxy } from "../fleet/tcp-proxy.ts";
import { freePorts } from "../nats/free-ports.ts";
import { startNats, type NatsCluster } from "../nats/start-nats.ts";
import { readExecutions, type Execution } from "./extra-executions.ts";
import { startGateway, type GatewayProcess } from "./gateway-processes.ts";

/** What the job of cheap blocks is called. */
export const chaosName = "chaos";
export const chaosJob = fileURLToPath(new URL("./fixtures/chaos-job.ts", import.meta.url));
const driverProgram = fileURLToPath(new URL("./fixtures/chaos-driver.ts", import.meta.url));
const lookEveryMs = 100;
const mostLines = 25;

/** A gateway, through all of its lives. */
export interface ChaosGateway {
  readonly name: string;
  /** The last one is what runs, or was killed. */
  readonly lives: GatewayProcess[];
  /** To each server. */
  readonly lines: readonly TcpProxy[];
  isUp: boolean;
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** What the test has done and seen, and when. */
export class Diary {
  readonly #begun = performance.now();
  readonly #lines: string[] = [];

  write(line: string): void {
    const text = `${((performance.now() - this.#begun) / 1000).toFixed(1).padStart(6)} s  ${line}`;
    this.#lines.push(text);
    if (process.env["SHOAL_TELL"] !== undefined) process.stderr.write(`${text}\n`);
  }

  get seconds(): number {
    return Math.round((performance.now() - this.#begun) / 1000);
  }

  toString(): string {
    return this.#lines.join("\n");
  }
}

export interface ChaosFleet {
  readonly folder: string;
  readonly nats: NatsCluster;
  readonly gateways: readonly ChaosGateway[];
  readonly workers: readonly ShoalProcess[];
  /** Of the job of cheap blocks, one after the other. */
  readonly drivers: readonly ShoalProcess[];
  readonly diary: Diary;
  /** Beside those of the gateways, by lines that nobody cuts. */
  readonly engine: Engine;
  readonly store: Store;
  readonly jsm: JetStreamManager;
  /** By links that name all gateways. */
  readonly links: CoordinatorLinks;
  /** Starts the job, or goes on with it: it has the same name each time. */
  drive(blocks: number): ShoalProcess;
  /** The job goes no further than so many blocks; it ends with one more than it has. */
  release(blocks: number): void;
  /** Of all blocks, in the order of time. */
  executions(): Execution[];
  /** The gateway that leads a job; undefined while none does. */
  homeOf(job: string): Promise<ChaosGateway | undefined>;
  /** Looks again and again until it is so. @throws after a while, with all that anybody has said */
  until(what: string, holds: () => Promise<boolean> | boolean, timeoutMs?: number): Promise<void>;
  /** What everybody says, for whoever wants to know why it hangs. */
  tell(): Promise<string>;
}

export async function startChaosFleet(workers: number): Promise<ChaosFleet> {
  const folder = testFolder();
  const diary = new Diary();
  const nats = await startNats({ servers: 3, sync: "always" });
  onTestFinished(() => nats[Symbol.asyncDispose]());
  const nc = await connect({ servers: [...nats.urls], maxReconnectAttempts: -1, reconnectTimeWait: 200 });
  onTestFinished(() => nc.close());
  const store = await openStore(join(folder, "store"));
  const engine = await openNatsEngine({ servers: nats.url, blobs: store.blobs, clock: systemClock, random: Math.random });
  onTestFinished(() => engine.close());

  const ports = await freePorts(3);
  const gateways = await Promise.all(ports.map((port, index) => startChaosGateway(folder, nats, `g${index}`, port, ports)));
  const links = gateways[0]?.lives[0] as CoordinatorLinks;
  const started = Array.from({ length: workers }, (_, at) => startWorker(folder, links, `w${at}`, { args: ["--allow-code"] }));
  const drivers: ShoalProcess[] = [];

  const fleet: ChaosFleet = {
    folder, diary, nats, gateways, links, drivers, engine, store, workers: started, jsm: await jetstreamManager(nc, { timeout: 2000 }),
    drive: (blocks) => {
      const driver = startScript(folder, driverProgram, [links.links.submit, chaosName], { SHOAL_BLOCKS: String(blocks) });
      drivers.push(driver);
      return driver;
    },
    release: (blocks) => writeFileSync(join(folder, "released-blocks"), String(blocks)),
    executions: () => readExecutions(folder),
    homeOf: async (job) => {
      for (const gateway of gateways) {
        if (!gateway.isUp) continue;
        const snapshot = await viewOf(gateway).snapshot();
        if (snapshot?.jobs.some((each) => each.job === job && (each.state === "running" || each.state === "paused"))) return gateway;
      }
      return undefined;
    },
    until: async (what, holds, timeoutMs = 150_000) => {
      const deadline = performance.now() + timeoutMs;
      while (!(await holds())) {
        const driver = drivers.at(-1);
        const isDead = driver !== undefined && driver.child.exitCode !== null && driver.child.exitCode !== 0;
        if (isDead || performance.now() > deadline) throw new Error(`${isDead ? "The driver ended" : `After ${timeoutMs / 1000} s it was still not so`}: ${what}.\n${await fleet.tell()}`);
        await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
      }
    },
    tell: async () => {
      const last = ({ out, err }: ShoalProcess): string => [...out.text().split("\n").filter((line) => !line.includes("stage-progress")).slice(-mostLines), ...err.text().split("\n").slice(-mostLines)].join("\n");
      const states = await Promise.all(gateways.map(async (gateway) => {
        const snapshot = await viewOf(gateway).snapshot();
        return `--- ${gateway.name}, ${gateway.isUp ? "up" : "down"}, life ${gateway.lives.length}\n${JSON.stringify(snapshot === undefined ? "does not answer" : { ...snapshot, jobs: snapshot.jobs.map((job) => ({ ...job, samples: [] })) })}\n${last((gateway.lives.at(-1) as GatewayProcess).process)}`;
      }));
      const servers = await Promise.all(nats.urls.map(async (_, index) => `--- n${index}, ${nats.isUp(index) ? "up" : "down"}\n${await nats.log(index)}`));
      return [String(diary), ...states, `--- the queue\n${await queueOf(fleet)}`, ...started.map((worker, at) => `--- w${at}\n${last(worker)}`), ...drivers.map((driver, at) => `--- driver ${at}, ended with ${driver.child.exitCode}\n${last(driver)}`), ...servers].join("\n");
    },
  };
  return fleet;
}

/** What lies in the queue, and how its consumers stand. */
async function queueOf({ jsm }: ChaosFleet): Promise<string> {
  try {
    const { state: { last_seq: last, subjects = {} } } = await jsm.streams.info("shoal-queue", { subjects_filter: ">" });
    const lines = [`last ${last}: ${Object.keys(subjects).join(" ")}`];
    for await (const { name, delivered, ack_floor: settled, num_ack_pending: leased, num_pending: pending, num_waiting: pulls, cluster } of jsm.consumers.list("shoal-queue")) lines.push(JSON.stringify({ name, leader: cluster?.leader, delivered, settled, leased, pending, pulls }));
    return lines.join("\n");
  } catch (error) {
    return String(error);
  }
}

function viewOf({ lives }: ChaosGateway): CoordinatorView {
  return new CoordinatorView(lives.at(-1) as GatewayProcess);
}

async function startChaosGateway(folder: string, nats: NatsCluster, name: string, port: number, ports: readonly number[]): Promise<ChaosGateway> {
  const lines = await Promise.all(nats.urls.map((url) => startProxy(url)));
  const engine = `nats://${lines.map((line, at) => line.through(`${nats.urls[at]}/`).slice("nats://".length, -1)).join(",")}`;
  const gateway: ChaosGateway = {
    name, lines, lives: [], isUp: false,
    kill: async () => {
      gateway.isUp = false;
      await gateway.lives.at(-1)?.process.kill();
    },
    start: async () => {
      gateway.lives.push(await startGateway(folder, name, port, { engine, ports, args: ["--replicas", "3"] }));
      gateway.isUp = true;
    },
  };
  await gateway.start();
  return gateway;
}
