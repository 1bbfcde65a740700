import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { createGateway, memoryChannel, memoryEngine, type Channel, type CloseOptions, type DriverToGateway, type Engine, type Gateway, type GatewayToDriver, type GatewayToWorker, type SchedulerSettings, type Scope, type WorkerToGateway } from "@shoal/cluster";
import { openEmbeddedEngine } from "@shoal/cluster/embedded";
import { silentLogger, systemClock, type Logger } from "@shoal/core";
import { createResultChecker } from "./checking/result-checker.ts";
import { folderFiles, type StoredFiles } from "./files/folder-files.ts";
import { certName, ownCertificate, readCertificate, type Certificate } from "./https/certificate.ts";
import { linkOf } from "./links/link.ts";
import { isEveryAddress, isOnlyHere, localAddresses } from "./links/local-names.ts";
import { defaultLimits, type ConnectionLimits } from "./server/connection-limits.ts";
import { dashboardPage, serveGateway, volunteerPage, type Served } from "./serve-gateway.ts";
import { openState, type CoordinatorState, type KeptLink } from "./state/coordinator-state.ts";

export interface CoordinatorOptions {
  /** Where ledger, blobs, files, secret, port and links are kept, so that a restart goes on; without one everything ends with the process. */
  readonly folder?: string;
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
  readonly limits?: Partial<ConnectionLimits>;
  readonly settings?: Partial<SchedulerSettings>;
  readonly log?: Logger;
  /** Told what a person at the terminal should know. */
  readonly onNotice?: (message: string) => void;
  /** Closes it. */
  readonly signal?: AbortSignal;
}

export interface LinkOptions {
  /** For strangers: they see only jobs that say `volunteers: true`. */
  readonly volunteer?: boolean;
  /** How long it lets people in. Default 30 days. */
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

const dayMs = 24 * 3600 * 1000;

/**
 * Lets workers and drivers in.
 * @throws `port-taken`, `bad-host`, `bad-certificate`, `bad-option`, `state-damaged`; `engine-folder-busy` while another coordinator has the folder; what opening the engine throws
 */
export async function startCoordinator(options: CoordinatorOptions = {}): Promise<Coordinator> {
  const { folder, host = "127.0.0.1", https, baseUrl, name = "coordinator", log = silentLogger } = options;
  options.signal?.throwIfAborted();
  const closing: ((options: CloseOptions) => Promise<void>)[] = [];
  const closeAll = async (how: CloseOptions = { again: folder !== undefined }): Promise<void> => {
    for (const close of closing.splice(0).reverse()) await close(how);
  };
  try {
    const engine: Engine = folder === undefined ? memoryEngine() : await openEmbeddedEngine(folder);
    closing.push(() => engine.close());
    // After the engine, whose lock keeps others out of the folder.
    const state = await openState(folder);
    const files = folderFiles(folder === undefined ? undefined : join(folder, "files"));
    closing.push(() => files.close());
    const limits = { ...defaultLimits, ...options.limits };
    const gateway = await createGateway({
      engine, files, name, log, clock: systemClock, random: Math.random, secret: state.secret,
      // Addresses are counted where connections come in: a proxy's guests by their own, this machine's own programs not at all.
      limits: { connections: limits.maxConnections, connectionsPerAddress: limits.maxConnections },
      // In a thread that can be stopped: a payload of a stranger may be made to hang its reader.
      checkResult: createResultChecker({ log }),
      // Its own worker computes what it would compute without a coordinator.
      trustsOwnWorkers: true,
      ...(options.settings !== undefined && { settings: options.settings }),
      ...(options.onNotice !== undefined && { onNotice: options.onNotice }),
    });
    closing.push((how) => gateway.close(how));
    const certificate = await certificateOf(https, folder, host);
    const served = await serveGateway({
      gateway, files, host, certificate, baseUrl, log, clock: systemClock,
      port: options.port ?? state.port ?? 0,
      tokenOfInvite: (id) => [...state.links.values()].find(({ invite }) => invite === id)?.token,
      trustedProxies: options.trustedProxies,
      origins: options.origins ?? [],
      limits,
    });
    // The gateway says goodbye over sockets that are still open.
    closing.splice(closing.length - 1, 0, () => served.close());
    if (state.port !== served.port) await state.keepPort(served.port);
    const coordinator = new RunningCoordinator(gateway, files, state, served, [...unbuiltPages(), ...advice(options, served, certificate !== undefined)], closeAll);
    const over = new AbortController();
    closing.push(async () => over.abort());
    options.signal?.addEventListener("abort", () => void coordinator.close(), { once: true, signal: over.signal });
    return coordinator;
  } catch (error) {
    await closeAll().catch(() => {});
    throw error;
  }
}

class RunningCoordinator implements Coordinator {
  readonly gateway: Gateway;
  readonly files: StoredFiles;
  readonly url: string;
  readonly port: number;
  readonly advice: readonly string[];
  readonly #state: CoordinatorState;
  readonly #closeAll: (options?: CloseOptions) => Promise<void>;
  #closed: Promise<void> | undefined;

  constructor(gateway: Gateway, files: StoredFiles, state: CoordinatorState, { url, port }: Served, advised: readonly string[], closeAll: (options?: CloseOptions) => Promise<void>) {
    [this.gateway, this.files, this.url, this.port, this.advice] = [gateway, files, url, port, advised];
    [this.#state, this.#closeAll] = [state, closeAll];
  }

  async link(scopes: readonly Scope[], { volunteer = false, ttlMs, page }: LinkOptions = {}): Promise<string> {
    const purpose = `${[...scopes].sort().join("+")}${volunteer ? "+volunteer" : ""}`;
    const kept = ttlMs === undefined ? this.#state.links.get(purpose) : undefined;
    // Expired or revoked ones make room for another.
    const isGood = kept !== undefined && scopes.every((scope) => this.gateway.allows(kept.token, scope));
    const link = isGood ? kept : await this.#invite(scopes, volunteer, ttlMs ?? 30 * dayMs);
    if (ttlMs === undefined && !isGood) await this.#state.keepLink(purpose, link);
    return linkOf(this.url, link.token, page === "dashboard" ? "dashboard/" : "");
  }

  async #invite(scopes: readonly Scope[], volunteer: boolean, ttlMs: number): Promise<KeptLink> {
    const { token, invite } = await this.gateway.invite(scopes, { volunteer, ttlMs });
    return { token, invite: invite.id };
  }

  openLocalChannel(): Channel<DriverToGateway, GatewayToDriver> & Channel<WorkerToGateway, GatewayToWorker> {
    const [near, far] = memoryChannel<DriverToGateway | WorkerToGateway, GatewayToDriver | GatewayToWorker>();
    this.gateway.accept(far, {});
    // Its first message says which of the two it is.
    return near as Channel<DriverToGateway, GatewayToDriver> & Channel<WorkerToGateway, GatewayToWorker>;
  }

  close(options?: CloseOptions): Promise<void> {
    return (this.#closed ??= this.#closeAll(options));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function certificateOf(https: CoordinatorOptions["https"], folder: string | undefined, host: string): Promise<Certificate | undefined> {
  if (https === undefined) return undefined;
  return https === true ? ownCertificate(folder, isEveryAddress(host) ? [] : [host]) : readCertificate(https.cert, https.key);
}

/** In a clone only: installed packages bring them along. */
function unbuiltPages(): string[] {
  return [volunteerPage, dashboardPage].every((folder) => existsSync(new URL("index.html", folder))) ? [] : ["The pages behind these links are not built here yet: run npm run build, and load them again."];
}

function advice({ host = "127.0.0.1", https, baseUrl, folder }: CoordinatorOptions, { url }: Served, isSecure: boolean): string[] {
  if (baseUrl !== undefined) return [];
  if (https === true) {
    return [
      "The certificate was made on this machine: each browser warns once (\"Advanced\", then \"Proceed\"; in Safari \"Show Details\", then \"visit this website\"). Without the warning: a tunnel or a proxy with a certificate of its own, and --base-url.",
      ...(folder === undefined ? [] : [`Machines need its certificate: copy ${join(resolve(folder), certName)} there, and run NODE_EXTRA_CA_CERTS=${certName} shoal work "…".`]),
    ];
  }
  if (isSecure) return [];
  if (isOnlyHere(host)) return [`Only this machine can open ${url}. For others in your network: --host 0.0.0.0, and --https so that tabs may use their GPU.`];
  return [
    `Tabs that open ${url} compute without their GPU: browsers give WebGPU to https pages only. Add --https, or put a tunnel or a proxy with https in front and name it with --base-url.`,
    ...(isEveryAddress(host) && localAddresses().length > 1 ? [`This machine also has the addresses ${localAddresses().slice(1, 5).join(", ")}.`] : []),
  ];
}
