import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, systemClock, type Predictor } from "@shoal/core";
import {
  createCluster, createGateway, memoryChannel, runAgent,
  type Agent, type Channel, type ClusterParts, type ConnectedCluster, type DriverToGateway, type Engine, type Gateway, type GatewayParts, type GatewayToDriver, type GatewayToWorker, type WorkerToGateway,
} from "@shoal/cluster";
import { openEmbeddedEngine } from "@shoal/cluster/embedded";
import { FakeActorHost, memoryFiles, withFaults, type Faults } from "@shoal/testing";
import { doubling } from "../properties/plans.ts";

export interface FleetOptions {
  readonly workers?: number;
  readonly faults?: Faults;
  readonly traits?: Partial<Predictor>;
  /** Of each life of the gateway. Default: one in a folder, which outlives them. */
  readonly engine?: () => Engine;
  readonly scheduler?: GatewayParts["scheduler"];
}

/** A real gateway on an engine of its own, with workers of fake actors in this process. The gateway can be ended and begun anew; connections can be broken. */
export class Fleet {
  /** Of the gateway that lives now: what is in the folder outlives it. */
  #engine: Engine | undefined;
  readonly #folder = mkdtempSync(join(tmpdir(), "shoal-fleet-"));
  readonly files = memoryFiles();
  readonly #options: FleetOptions;
  readonly #hosts: FakeActorHost[] = [];
  readonly #agents: Agent[] = [];
  readonly #stop = new AbortController();
  #gateway: Gateway | undefined;
  readonly #workerLinks: Channel<WorkerToGateway, GatewayToWorker>[] = [];
  #links: Channel<DriverToGateway, GatewayToDriver>[] = [];
  /** Rows that were predicted, repetitions included. */
  predicted = 0;
  driverConnections = 0;

  constructor(options: FleetOptions = {}) {
    this.#options = options;
  }

  get gateway(): Gateway {
    return this.#gateway as Gateway;
  }

  async start(): Promise<this> {
    const { engine, scheduler } = this.#options;
    this.#engine = engine?.() ?? (await openEmbeddedEngine(this.#folder));
    this.#gateway = await createGateway({ engine: this.#engine, clock: systemClock, random: Math.random, secret: new Uint8Array(32).fill(7), name: "the shed", log: silentLogger, files: this.files, ...(scheduler !== undefined && { scheduler }) });
    for (let at = this.#agents.length; at < (this.#options.workers ?? 2); at++) this.#agents.push(this.#agent(`worker ${at}`));
    return this;
  }

  /** The gateway is dropped as it is: nobody is told, what is on its way is lost, and another one begins where its folder ends. */
  async restart(): Promise<void> {
    this.#gateway = undefined;
    this.cut();
    for (const link of this.#workerLinks.splice(0)) link.close();
    await this.#engine?.close();
    await this.start();
  }

  /** Breaks the drivers' connections. */
  cut(): void {
    for (const link of this.#links.splice(0)) link.close();
  }

  cluster(parts: Partial<ClusterParts> = {}): ConnectedCluster {
    return createCluster({ dial: async () => this.#dialAsDriver(), name: "driver", clock: systemClock, random: Math.random, log: silentLogger, ...parts });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.cut();
    await Promise.all(this.#agents.map((agent) => agent.ended.catch(() => {})));
    await this.#gateway?.close();
    await this.#engine?.close();
    for (const host of this.#hosts) await host[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #dialAsDriver(): Channel<DriverToGateway, GatewayToDriver> {
    if (this.#gateway === undefined) throw new Error("nobody is there");
    const [near, far] = memoryChannel<DriverToGateway, GatewayToDriver>();
    this.driverConnections++;
    this.#links.push(near);
    this.#gateway.accept(far as never, {});
    return near;
  }

  #agent(name: string): Agent {
    const host = new FakeActorHost({
      load: async (_spec, actor) => {
        const predictor = doubling([], actor, this.#options.traits);
        const counted: Predictor = { ...predictor, predict: (batch, signal) => ((this.predicted += batch.rows), predictor.predict(batch, signal)) };
        return withFaults(counted, "id", this.#options.faults ?? {}, actor, systemClock);
      },
    });
    this.#hosts.push(host);
    return runAgent({
      dial: async () => {
        if (this.#gateway === undefined) throw new Error("nobody is there");
        const [near, far] = memoryChannel<WorkerToGateway, GatewayToWorker>();
        this.#workerLinks.push(near);
        this.#gateway.accept(far as never, {});
        return near;
      },
      name, host, clock: systemClock, random: Math.random, signal: this.#stop.signal, devices: { candidates: async () => ["cpu"] },
      resources: { cpus: 2, gpus: 0, memory: 2 ** 30 },
      traits: { label: name, host: "machine", runtime: "node", devices: ["cpu"], cpus: 2, gpus: 0, memoryBytes: 2 ** 30, models: [], runsCode: false },
      modelUrl: ({ hash }) => `memory:${hash}`,
    });
  }
}
