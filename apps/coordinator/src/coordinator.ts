import type { Channel, CloseOptions, DriverToGateway, Engine, Gateway, GatewayToDriver, GatewayToWorker, SchedulerSettings, Scope, WorkerToGateway } from "@shoal/cluster";
import type { StoredFiles } from "@shoal/cluster/stores";
import type { Logger } from "@shoal/core";
import type { ServerLimits } from "./server/connection-limits.ts";

export interface CoordinatorOptions {
  /**
   * Where ledger, blobs, files, secret, port and links are kept, so that a restart goes on; without one everything ends with the process. With an `engine`: where this machine's port and
   * certificate are kept.
   */
  readonly folder?: string;
  /** An engine that other gateways use too: this is one of several, and what one of them lets in all of them do. It stays the caller's to close, after the coordinator. Needs `files`. */
  readonly engine?: Engine;
  /** Files of models and code; of a shared engine, where all of its gateways find them. They stay the caller's to close. Default: in the folder. */
  readonly files?: StoredFiles;
  /** Where gateways of the engine are found, as `host:port`: links for programs name all of them. */
  readonly gateways?: readonly string[];
  /** Proposed to sign links with: 32 random bytes. What the engine or the folder has already counts more. Default: made here. */
  readonly secret?: Uint8Array;
  /** The address to listen on. Default `127.0.0.1`: this machine only. `0.0.0.0`: every one. */
  readonly host?: string;
  /** Default: the one that the folder remembers, otherwise any that is free. */
  readonly port?: number;
  /** True: with a certificate made here, of which browsers warn once. Otherwise paths of PEM files. */
  readonly https?: true | { readonly cert: string; readonly key: string };
  /** Where the world finds it, when a proxy or a tunnel stands in front: `https://example.org/shoal/`. */
  readonly baseUrl?: string;
  /** Addresses of proxies whose `X-Forwarded-…` headers are believed. Default: with `baseUrl` those on this machine, otherwise none. */
  readonly trustedProxies?: readonly string[];
  /** Origins of pages from elsewhere that may connect. Default: none. */
  readonly origins?: readonly string[];
  /** For people. Default `coordinator`. */
  readonly name?: string;
  /** How long links let people in, in milliseconds. Default 30 days. */
  readonly linkMs?: number;
  readonly limits?: Partial<ServerLimits>;
  readonly scheduler?: Partial<SchedulerSettings>;
  readonly log?: Logger;
  /** Told what a person at the terminal should know. */
  readonly onNotice?: (message: string) => void;
  /** Closes it. */
  readonly signal?: AbortSignal;
}

export interface LinkOptions {
  /** For strangers: they see only jobs that say `volunteers: true`. */
  readonly volunteer?: boolean;
  /** How long it lets people in. Default: what the coordinator's `linkMs` says. */
  readonly ttlMs?: number;
  /** Which page it opens. Default: the page of volunteers, which every program understands too. */
  readonly page?: "dashboard";
}

/** A coordinator at work: a gateway, and what makes it reachable. */
export interface Coordinator extends AsyncDisposable {
  readonly gateway: Gateway;
  /** Files of models and code. A program in this process may `add` its own where they lie. */
  readonly files: StoredFiles;
  /** Where it is found, with a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** What a person should know of how it listens, in sentences: no WebGPU without https, the warning of browsers. */
  readonly advice: readonly string[];
  /** A link that allows this. The same one as long as the folder is, unless `ttlMs` is given. */
  link(scopes: readonly Scope[], options?: LinkOptions): Promise<string>;
  /** A driver or a worker of this process, which is trusted. */
  openLocalChannel(): Channel<DriverToGateway, GatewayToDriver> & Channel<WorkerToGateway, GatewayToWorker>;
  /** Asks workers to leave, or to wait for it to come back; waits for commits under way, ends. Default: what has a folder may come back. */
  close(options?: CloseOptions): Promise<void>;
}
