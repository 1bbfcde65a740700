// A real gateway, real agents and a real driver in this process, with fake actors.
import { createCluster, createGateway, memoryChannel, memoryEngine, runAgent, type ConnectedCluster, type DriverToGateway, type Gateway, type GatewayToDriver, type GatewayToWorker, type WorkerToGateway } from "@shoal/cluster";
import { silentLogger, systemClock, type LoadPredictor } from "@shoal/core";
import { FakeActorHost, memoryFiles } from "@shoal/testing";
import { onTestFinished } from "vitest";

export interface MemoryFleet {
  readonly gateway: Gateway;
  readonly cluster: ConnectedCluster;
  /** Lends a machine of so many CPUs. */
  agent(name: string, load: LoadPredictor, cpus?: number): MemoryAgent;
}

export interface MemoryAgent {
  readonly host: FakeActorHost;
  /** As a process does that is killed. */
  vanish(): void;
}

export async function memoryFleet(): Promise<MemoryFleet> {
  const gateway = await createGateway({ engine: memoryEngine(), clock: systemClock, random: Math.random, secret: new Uint8Array(32).fill(7), name: "here", log: silentLogger, files: memoryFiles() });
  const ended: Promise<void>[] = [];
  const stop = new AbortController();
  const cluster = createCluster({
    dial: async () => {
      const [near, far] = memoryChannel<DriverToGateway, GatewayToDriver>();
      gateway.accept(far as never, {});
      return near;
    },
    name: "driver", clock: systemClock, random: Math.random, log: silentLogger,
  });
  onTestFinished(async () => {
    stop.abort();
    await Promise.all(ended);
    await cluster[Symbol.asyncDispose]();
    await gateway.close();
  });
  return {
    gateway, cluster,
    agent(name, load, cpus = 2) {
      const host = new FakeActorHost({ load });
      const vanishing = new AbortController();
      const memory = 2 ** 34;
      const agent = runAgent({
        dial: async () => {
          const [near, far] = memoryChannel<WorkerToGateway, GatewayToWorker>();
          gateway.accept(far as never, {});
          return near;
        },
        name, host, clock: systemClock, random: Math.random, signal: AbortSignal.any([stop.signal, vanishing.signal]), devices: { candidates: async () => ["cpu"] },
        resources: { cpus, gpus: 0, memory },
        traits: { label: name, host: "machine", runtime: "node", devices: ["cpu"], cpus, gpus: 0, memoryBytes: memory, models: [], runsCode: false },
        modelUrl: ({ hash }) => `memory:${hash}`,
      });
      ended.push(agent.ended.catch(() => {}));
      return { host, vanish: () => vanishing.abort() };
    },
  };
}
