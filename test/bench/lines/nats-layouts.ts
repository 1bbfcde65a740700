import type { EngineSettings } from "../jobs/open-bench-engine.ts";
import { cpuSecondsOf, measure, script, type Measurement } from "../measure.ts";
import type { NatsCluster, NatsClusterOptions } from "../../nats/start-nats.ts";

/** How servers stand. */
export type Layout = Required<Pick<NatsClusterOptions, "servers" | "sync">>;

export const layouts: readonly Layout[] = [
  { servers: 1, sync: "default" },
  { servers: 1, sync: "always" },
  { servers: 3, sync: "default" },
  { servers: 3, sync: "always" },
];

export function inWords({ servers, sync }: Layout): string {
  return `${servers === 1 ? "one server" : "three servers"}, ${sync === "always" ? "every write synced" : "synced every two minutes"}`;
}

let prefixes = 0;

/** An engine of its own on those servers. */
export function natsSettings({ url, urls }: NatsCluster, folder?: string): EngineSettings {
  return { nats: { servers: url, replicas: urls.length, prefix: `bench-${prefixes++}` }, ...(folder !== undefined && { folder }) };
}

/** A run, with what the servers took for each of its `inAll` commits, in microseconds. */
export async function measureWithServers(label: string, program: string, settings: object): Promise<Measurement> {
  const before = cpuSecondsOf("nats-server");
  const one = await measure(label, script(program, settings));
  const said = { ...one.said, serverCpuMicroseconds: ((cpuSecondsOf("nats-server") - before) * 1e6) / (one.said["inAll"] as number) };
  return { ...one, said };
}

/** The one of the middle by what it did a second. */
export function middle(tries: readonly Measurement[]): Measurement {
  return [...tries].sort((a, b) => number(a, "perSecond") - number(b, "perSecond"))[tries.length >> 1] as Measurement;
}

export function number({ said }: Measurement, name: string): number {
  return said[name] as number;
}
