import { ShoalError, systemClock, systemRandom, type Clock } from "@shoal/core";
import { connect } from "@nats-io/transport-node";
import { assertConfig, configDifference } from "./assert-config.ts";
import { isNotLetIn, tooFewServers, unreachable } from "./nats-errors.ts";
import { asRefused, NatsLink } from "./nats-link.ts";
import { lastNumber, NatsNames } from "./nats-names.ts";
import { connectionOptions, defaultMaxJobs, defaultPrefix, defaultQueue, defaultReplicas, defaultRequestMs, parseServers, type NatsLayout, type NatsQueueOptions, type NatsServers } from "./nats-options.ts";
import type { NatsLimits, NatsReport, NatsServerReport, NatsStreamReport } from "./nats-report.ts";
import { ledgerStream, queueConsumer, queueStream, registerStream } from "./stream-configs.ts";
import { tryPermissions } from "./try-permissions.ts";
import { checkVersion } from "./version-floor.ts";

export interface InspectNatsOptions extends NatsServers, NatsLayout {
  /** As the gateways have it. */
  readonly queue?: NatsQueueOptions;
  readonly maxJobs?: number;
  /** Where the servers' monitoring answers, as `http://a:8222`, in the order of the servers. Default: port 8222 of each. */
  readonly monitors?: readonly string[];
  /** Only looks, for a user who may do no more: permissions are not tried. Default false. */
  readonly onlyLooks?: boolean;
  readonly requestMs?: number;
  readonly clock?: Clock;
  readonly random?: () => number;
}

const monitorMs = 1500;
/** For a stream whose leader has just gone. */
const patienceMs = 5000;
/** Where answers come to who only looks: such a user need not be allowed to hear what others are answered. */
const lookersInbox = "_INBOX.doctor";

/** Looks at the servers and at this engine on them, and tries what a gateway does. Changes nothing that stays. @throws `bad-option` */
export async function inspectNats(options: InspectNatsOptions): Promise<NatsReport> {
  const { prefix = defaultPrefix, replicas = defaultReplicas, maxJobs = defaultMaxJobs, onlyLooks = false, requestMs = defaultRequestMs, clock = systemClock, random = systemRandom } = options;
  const names = new NatsNames(prefix);
  const { hosts } = parseServers(options.servers);
  const servers = await Promise.all(hosts.map((host, at) => lookAtServer(options, host, options.monitors?.[at] ?? `http://${host.replace(/:\d+$/, "")}:8222`, requestMs)));
  const problems = servers.flatMap(problemsOf);
  const advice = servers.flatMap(adviceOf);
  const nothing = { servers, permissions: [], limits: undefined, ledgers: { live: 0, allowed: maxJobs }, streams: [], replicas: { asked: replicas, isPossible: false } };
  let link: NatsLink;
  try {
    link = await NatsLink.open({ ...options, requestMs, patienceMs, unsafe: true, clock, random, ...(onlyLooks && { inboxPrefix: lookersInbox }) });
  } catch (error) {
    return { ...nothing, problems: problems.length > 0 ? problems : [ShoalError.from(error)], advice };
  }
  try {
    const { permissions, isReplicated } = onlyLooks ? { permissions: [], isReplicated: isLargeEnough(servers, replicas) } : await tryPermissions(link, names, replicas);
    for (const { error } of permissions) if (error !== undefined) problems.push(error);
    const isPossible = (onlyLooks || permissions.some(({ what, isAllowed }) => what === "make a stream" && isAllowed === true)) && isReplicated;
    if (!isReplicated) problems.push(tooFewServers(replicas, undefined));
    const limits = await lookAtLimits(link).catch(() => undefined);
    const streams: NatsStreamReport[] = [];
    await lookAtStreams(link, names, replicas, { ...defaultQueue, ...options.queue }, streams, problems).catch((error: unknown) => problems.push(asRefused(error, "tell of the streams")));
    const live = streams.filter(({ name }) => name.startsWith(`${prefix}-ledger-`)).length;
    if (live >= maxJobs) problems.push(new ShoalError("too-many-ledgers", `${live} jobs have a ledger, and no more than ${maxJobs} may.`, { hint: "Remove those that nobody wants any more." }));
    return { servers, replicas: { asked: replicas, isPossible }, permissions, limits, ledgers: { live, allowed: maxJobs }, streams, problems, advice };
  } finally {
    await link.close();
  }
}

/** As far as that can be told without trying: whoever names one server of several may have the others all the same. */
function isLargeEnough(servers: readonly NatsServerReport[], replicas: number): boolean {
  const told = servers.map(({ clusterSize }) => clusterSize).filter((size) => size !== undefined);
  if (told.length > 0) return Math.max(...told) >= replicas;
  return replicas === 1 || servers.some(({ cluster }) => cluster !== undefined);
}

async function lookAtServer(options: NatsServers, address: string, monitor: string, requestMs: number): Promise<NatsServerReport> {
  const told = await lookAtMonitor(monitor);
  try {
    const nc = await connect({ ...connectionOptions({ ...options, servers: `${parseServers(options.servers).isTls ? "tls" : "nats"}://${address}` }, requestMs), reconnect: false, ignoreClusterUpdates: true });
    const { server_name: name = "", version = "", cluster } = nc.info ?? {};
    await nc.close();
    return { address, isUp: true, name, version, ...(cluster === undefined ? {} : { cluster }), ...(told?.name === name ? told.said : {}) };
  } catch (error) {
    // It is there, and lets nobody in by these words: that is said once, of all servers.
    return { address, isUp: isNotLetIn(error) };
  }
}

/** What only the monitoring port says. */
async function lookAtMonitor(url: string): Promise<{ readonly name: string; readonly said: Pick<NatsServerReport, "syncMs" | "clusterSize"> } | undefined> {
  try {
    const answer = (await (await fetch(`${url}/varz`, { signal: AbortSignal.timeout(monitorMs) })).json()) as {
      readonly server_name: string;
      readonly jetstream?: { readonly config?: { readonly sync_interval?: number; readonly sync_always?: boolean }; readonly meta?: { readonly cluster_size?: number } };
    };
    const { config, meta } = answer.jetstream ?? {};
    const syncMs = config?.sync_always === true ? "always" : config?.sync_interval === undefined ? undefined : config.sync_interval / 1e6;
    return { name: answer.server_name, said: { ...(syncMs === undefined ? {} : { syncMs }), ...(meta?.cluster_size === undefined ? {} : { clusterSize: meta.cluster_size }) } };
  } catch {
    return undefined;
  }
}

function problemsOf({ address, isUp, version, syncMs }: NatsServerReport): ShoalError[] {
  if (!isUp) return [unreachable(address)];
  if (version === undefined) return [];
  const problems: ShoalError[] = [];
  try {
    checkVersion(version, false);
  } catch (error) {
    problems.push(ShoalError.from(error));
  }
  if (typeof syncMs === "number") {
    problems.push(new ShoalError("engine-unsynced", `The server at ${address} writes to its disk every ${syncMs / 1000} s: a power cut loses what it has accepted since.`, {
      hint: "Set sync_interval: always in the jetstream block of its configuration; blocks that are lost are computed again.",
      details: { address, syncMs },
    }));
  }
  return problems;
}

function adviceOf({ address, isUp, version, syncMs }: NatsServerReport): ShoalError[] {
  if (!isUp || version === undefined || syncMs !== undefined) return [];
  return [new ShoalError("engine-unsynced", `It can't be told when the server at ${address} syncs what it writes: its monitoring port does not answer.`, { hint: "See that sync_interval: always stands in the jetstream block of its configuration, or name its monitoring port.", details: { address } })];
}

async function lookAtLimits(link: NatsLink): Promise<NatsLimits> {
  const { storage, streams, consumers, limits } = await link.ask("tell of the account", () => link.jsm.getAccountInfo());
  return {
    storageBytes: { used: storage, allowed: limits.max_storage },
    streams: { used: streams, allowed: limits.max_streams },
    consumers: { used: consumers, allowed: limits.max_consumers },
  };
}

async function lookAtStreams(link: NatsLink, names: NatsNames, replicas: number, queue: Required<NatsQueueOptions>, reports: NatsStreamReport[], problems: ShoalError[]): Promise<void> {
  const ledgers = await link.streamNames(names.allLedgers);
  for (const name of [names.register, names.queue, ...ledgers]) {
    const info = await link.streamInfo(name);
    if (info === undefined) continue;
    const asked = name === names.register ? registerStream(names, replicas)
      : name === names.queue ? queueStream(names, replicas, queue)
      : { ...ledgerStream(names, info.config.metadata?.["shoal.job"] ?? "", lastNumber(name), replicas), name, subjects: info.config.subjects };
    const difference = configDifference(asked, info.config);
    note(problems, () => assertConfig(`the stream ${name}`, asked, info.config));
    const followers = info.cluster?.replicas ?? [];
    if (info.cluster !== undefined && info.cluster.leader === undefined) problems.push(new ShoalError("engine-unreachable", `The stream ${name} has no leader.`, { hint: "Start the servers that are down; if it lasts, restart the one that led it." }));
    reports.push({
      name,
      messages: info.state.messages,
      bytes: info.state.bytes,
      ...(info.cluster?.leader === undefined ? {} : { leader: info.cluster.leader }),
      currentReplicas: 1 + followers.filter(({ current, offline }) => current && offline !== true).length,
      ...(difference === undefined ? {} : { difference }),
    });
    if (name !== names.queue) continue;
    for await (const { name: consumer, config } of link.jsm.consumers.list(name)) {
      note(problems, () => assertConfig(`the consumer ${consumer}`, queueConsumer(names, consumer.slice(0, consumer.lastIndexOf("-")), lastNumber(consumer), queue), config));
    }
  }
}

function note(problems: ShoalError[], check: () => void): void {
  try {
    check();
  } catch (error) {
    problems.push(ShoalError.from(error));
  }
}
