import type { BlobStore } from "@shoal/cluster";
import { ShoalError, type Clock } from "@shoal/core";
import { credsAuthenticator, type NodeConnectionOptions, type TlsOptions } from "@nats-io/transport-node";

/** Where the servers are, and who asks. */
export interface NatsServers {
  /** As `nats://a,b:4222,c`, or one by one; `tls://` asks for TLS. Port 4222 unless said. */
  readonly servers: string | readonly string[];
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** The text of a credentials file (JWT and seed). */
  readonly credentials?: string;
  /** Certificates, by text or by file name. */
  readonly tls?: TlsOptions;
}

/** How an engine lies on the servers: the same for all gateways that share it. */
export interface NatsLayout {
  /** What every stream and subject of this engine begins with: engines of other prefixes may live in the same account. Letters, digits, `-` and `_`. Default `shoal`. */
  readonly prefix?: string;
  /** On how many servers each stream lies. Default 3; one server alone has to be asked for 1. */
  readonly replicas?: number;
}

/** How tasks wait in the queue: the same for all gateways, too. */
export interface NatsQueueOptions {
  /** Default 60,000. */
  readonly leaseMs?: number;
  /** How many tasks may wait or be leased. Default 100,000. */
  readonly maxTasks?: number;
  /** A task that nobody has done for so long is dropped. Default a day. */
  readonly maxAgeMs?: number;
}

/** What `openNatsEngine` goes by. Times are in milliseconds. */
export interface NatsEngineOptions extends NatsServers, NatsLayout {
  /** The bytes: they never go through NATS. Closed by who opened it. */
  readonly blobs: BlobStore;
  readonly queue?: NatsQueueOptions;
  /** How many jobs may have a ledger at once. Default 1,000. */
  readonly maxJobs?: number;
  /** How long one request waits for its answer. Default 2,000. */
  readonly requestMs?: number;
  /** How long a call that may be repeated is repeated before it rejects with `engine-paused`; an election takes 4 to 8 s. Default 10,000. */
  readonly patienceMs?: number;
  /** Servers older than the measured floor, too. */
  readonly unsafe?: boolean;
  readonly clock?: Clock;
  /** The day and time, in milliseconds since 1970: a register that has to be made anew counts from there. Default: `Date.now`. */
  readonly date?: () => number;
  /** 0 ≤ x < 1. */
  readonly random?: () => number;
}

export const defaultPrefix = "shoal";
export const defaultReplicas = 3;
export const defaultMaxJobs = 1000;
export const defaultQueue: Required<NatsQueueOptions> = { leaseMs: 60_000, maxTasks: 100_000, maxAgeMs: 86_400_000 };
export const defaultRequestMs = 2000;
export const defaultPatienceMs = 10_000;

/** @throws `bad-option` */
export function connectionOptions({ servers, user, password, token, credentials, tls }: NatsServers, requestMs: number): NodeConnectionOptions {
  const { hosts, isTls } = parseServers(servers);
  return {
    servers: hosts,
    name: "shoal",
    // A server that is gone is found out within seconds, and one that is back is found at once.
    timeout: Math.max(2 * requestMs, 2000),
    pingInterval: 5000,
    maxPingOut: 2,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    reconnectJitter: 100,
    // Wrong credentials may be right again: servers are restarted with new ones. `status()` says so meanwhile.
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    ...(user === undefined ? {} : { user, pass: password ?? "" }),
    ...(token === undefined ? {} : { token }),
    ...(credentials === undefined ? {} : { authenticator: credsAuthenticator(new TextEncoder().encode(credentials)) }),
    ...(tls !== undefined || isTls ? { tls: tls ?? {} } : {}),
  };
}

/** @throws `bad-option` */
export function parseServers(servers: string | readonly string[]): { readonly hosts: string[]; readonly isTls: boolean } {
  const texts = typeof servers === "string" ? [servers] : servers;
  let isTls = false;
  const hosts = texts.flatMap((text) => {
    const [, scheme = "nats", rest = ""] = /^(?:([a-z]+):\/\/)?(.*?)\/*$/.exec(text.trim()) ?? [];
    if (scheme !== "nats" && scheme !== "tls") throw badServers(text);
    isTls ||= scheme === "tls" || rest.includes("tls://");
    return rest.split(",").map((each) => each.trim().replace(/^(nats|tls):\/\//, "")).filter((each) => each !== "");
  });
  if (hosts.length === 0 || !hosts.every(isHost)) throw badServers(texts.join(" "));
  return { hosts, isTls };
}

function isHost(text: string): boolean {
  const port = /^(?:\[[0-9a-fA-F:.]+\]|[^\s/@:]+)(?::(\d{1,5}))?$/.exec(text);
  return port !== null && (port[1] === undefined || (Number(port[1]) > 0 && Number(port[1]) <= 65_535));
}

/** @throws `bad-option` */
export function checkedPrefix(prefix: string): string {
  if (/^[A-Za-z0-9_-]{1,32}$/.test(prefix)) return prefix;
  throw new ShoalError("bad-option", `"${prefix}" can't begin the names of streams.`, { hint: "Use at most 32 letters, digits, - and _.", failure: "bug" });
}

function badServers(text: string): ShoalError {
  return new ShoalError("bad-option", `"${text}" names no NATS servers.`, { hint: "Write them as nats://a,b:4223,c, or tls://a,b,c where they speak TLS, and name user and password apart.", failure: "bug" });
}
