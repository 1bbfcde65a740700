import { memoryEngine, type Engine } from "@shoal/cluster";
import { openNatsEngine, type NatsEngineOptions } from "@shoal/engine-nats";
import type { EngineCapabilities, EngineFixture } from "@shoal/testing/engine-suite";
import type { NatsCluster } from "./start-nats.ts";

export const shortLease: EngineCapabilities & { readonly leaseMs: number } = { leaseMs: 200 };

let prefixes = 0;

/** An engine of its own on servers that others use too, for the suite of engines. */
export async function natsFixture(cluster: NatsCluster, options: Partial<NatsEngineOptions> = {}): Promise<EngineFixture> {
  const { blobs } = memoryEngine();
  const prefix = `suite-${process.pid}-${prefixes++}`;
  const opened: Engine[] = [];
  const openHere = async (): Promise<Engine> => {
    const engine = await openNatsEngine({ servers: cluster.url, prefix, replicas: cluster.urls.length, blobs, queue: shortLease, ...options });
    opened.push(engine);
    return engine;
  };
  return {
    engine: await openHere(),
    reopen: async () => {
      await opened.at(-1)?.close();
      return openHere();
    },
    [Symbol.asyncDispose]: async () => {
      await opened.at(-1)?.close();
    },
  };
}
