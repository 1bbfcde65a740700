import type { HubOptions } from "@shoal/backend-transformers";
import type { Cluster } from "@shoal/cluster";
import { silentLogger, type Logger } from "@shoal/core";

export interface ConnectOptions {
  /** Predictors of your own go there as code, to workers that allow it (`shoal work --allow-code`). Needs the package rolldown. Default false: they stay here. */
  readonly code?: boolean;
  /** In a page: where models of the hub come from, which the coordinator then gets from here. */
  readonly hub?: HubOptions;
  readonly log?: Logger;
  /** A coordinator that can't be reached at first is tried again for so long, which the log is told: it may just be starting. Default 0; half a minute for one that is there and breaks the connection off. */
  readonly patienceMs?: number;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/**
 * Connects to a coordinator, by a link that lets in those who bring jobs. What it gives goes into any consuming call, and into `job.run`:
 * ```ts
 * await using cluster = await connect("http://192.168.1.7:7171/#…");
 * await dataset.writeParquet("out/", { on: cluster });
 * ```
 * A connection that breaks during a run is made anew, and the run goes on where it was.
 * @throws `bad-link`, `unreachable`, `untrusted-certificate`; `protocol-mismatch` where the other side is of another version; what the coordinator refuses the link with; the signal's reason
 */
export async function connect(link: string | URL, options: ConnectOptions = {}): Promise<Cluster> {
  // Most runs have no cluster: its hundred files would be read before their first row.
  const [{ parseLink }, { openCluster }] = await Promise.all([import("@shoal/cluster"), import("./open-cluster.ts")]);
  const { urls, token } = parseLink(String(link));
  const cluster = openCluster(urls, token, { log: silentLogger, ...options });
  await cluster.ready(options);
  return cluster;
}
