import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { createGateway, memoryChannel, type Channel, type CloseOptions, type DriverToGateway, type Engine, type Gateway, type GatewayToDriver, type GatewayToWorker, type SchedulerSettings, type Scope, type WorkerToGateway } from "@shoal/cluster";
import { ShoalError, silentLogger, systemClock, type Logger } from "@shoal/core";
import { closeLastFirst } from "./close-last-first.ts";
import { createResultChecker } from "./checking/result-checker.ts";
import { ownEngine, sharedEngine } from "./coordinator-engine.ts";
import { folderFiles, type StoredFiles } from "@shoal/cluster/stores";
import { certName, ownCertificate, readCertificate, type Certificate } from "./https/certificate.ts";
import { linkOf, linkToAny } from "./links/link.ts";
import { isEveryAddress, isOnlyHere, localAddresses } from "./links/local-names.ts";
import type { PrintedLinks } from "./links/printed-links.ts";
import { defaultLimits, type ServerLimits } from "./server/connection-limits.ts";
import { dashboardPage, serveGateway, volunteerPage, type Served } from "./serve-gateway.ts";
import { openState } from "./state/coordinator-state.ts";

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

const dayMs = 24 * 3600 * 1000;

/**
 * Lets workers and drivers in.
 * @throws `port-taken`, `bad-host`, `bad-certificate`, `bad-option`, `state-damaged`; `engine-folder-busy` while another coordinator has the folder; what opening the engine throws; `store-differs`; the signal's reason
 */
export async function startCoordinator(options: CoordinatorOptions = {}): Promise<Coordinator> {
  const { folder, host = "127.0.0.1", https, baseUrl, name = "coordinator", log = silentLogger } = options;
  const clock = systemClock;
  const random = Math.random;
  options.signal?.throwIfAborted();
  if (options.engine !== undefined && options.files === undefined) {
    throw new ShoalError("bad-option", "Gateways that share an engine share the files of models and code too.", { hint: "Give files: where every gateway of the engine finds them.", failure: "bug" });
  }
  const over = new AbortController();
  const closing: ((options: CloseOptions) => Promise<void>)[] = [];
  let isClosing = false;
  const closeAll = async (how: CloseOptions = { again: folder !== undefined || options.engine !== undefined }): Promise<void> => {
    isClosing = true;
    await closeLastFirst(closing.splice(0).map((close) => () => close(how)));
  };
  try {
    const coordinatorEngine = options.engine === undefined ? await ownEngine(folder) : await sharedEngine(options.engine, folder, { clock, random, signal: options.signal });
    const { engine, numbers } = coordinatorEngine;
    closing.push(() => coordinatorEngine.close());
    // After the lock that keeps others out of the folder.
    const state = await openState(folder, options.secret);
    const secret = await coordinatorEngine.secret(state);
    const files = options.files ?? folderFiles(folder === undefined ? undefined : join(folder, "files"));
    if (options.files === undefined) closing.push(() => files.close());
    const limits = { ...defaultLimits, ...options.limits };
    const gateway = await createGateway({
      engine, files, name, log, clock, random, secret,
      // Addresses are counted where connections come in: what comes through a proxy by its own, this machine's own programs not at all.
      settings: { connections: limits.maxConnections, connectionsPerAddress: limits.maxConnections },
      // In a thread that can be stopped: a payload of a stranger may be made to hang its reader.
      checkResult: createResultChecker(),
      // Its own worker computes what it would compute without a coordinator.
      trustsOwnWorkers: true,
      ...(options.scheduler !== undefined && { scheduler: options.scheduler }),
      ...(options.onNotice !== undefined && { onNotice: options.onNotice }),
    });
    closing.push((how) => gateway.close(how));
    const certificate = await certificateOf(https, folder, host);
    const links = coordinatorEngine.links(gateway, state, over.signal);
    let port = 0;
    const served = await serveGateway({
      gateway, files, host, certificate, baseUrl, log, clock,
      port: options.port ?? state.port ?? 0,
      tokenOfInvite: (id) => links.tokenOf(id),
      isClosing: () => isClosing,
      ...(numbers !== undefined && { engine: { engine, numbers, clock, label: () => `${name}:${port}` } }),
      trustedProxies: options.trustedProxies,
      origins: options.origins ?? [],
      limits,
    });
    port = served.port;
    // The gateway says goodbye over sockets that are still open.
    closing.splice(closing.length - 1, 0, () => served.close());
    if (state.port !== served.port) await state.keepPort(served.port);
    const coordinator = new RunningCoordinator({ gateway, files, links, served, gateways: options.gateways ?? [], linkMs: options.linkMs ?? 30 * dayMs }, [...unbuiltPages(), ...advice(options, served, certificate !== undefined)], closeAll);
    closing.push(async () => over.abort());
    // It may have been said while this started.
    options.signal?.throwIfAborted();
    options.signal?.addEventListener("abort", () => void coordinator.close().catch((error: unknown) => log.warn(`The coordinator did not close as it should: ${ShoalError.from(error).message}`)), { once: true, signal: over.signal });
    return coordinator;
  } catch (error) {
    await closeAll().catch(() => {});
    throw error;
  }
}

interface RunningParts {
  readonly gateway: Gateway;
  readonly files: StoredFiles;
  readonly links: PrintedLinks;
  readonly served: Served;
  readonly gateways: readonly string[];
  readonly linkMs: number;
}

class RunningCoordinator implements Coordinator {
  readonly gateway: Gateway;
  readonly files: StoredFiles;
  readonly url: string;
  readonly port: number;
  readonly advice: readonly string[];
  readonly #parts: RunningParts;
  readonly #closeAll: (options?: CloseOptions) => Promise<void>;
  #closed: Promise<void> | undefined;

  constructor(parts: RunningParts, advised: readonly string[], closeAll: (options?: CloseOptions) => Promise<void>) {
    [this.gateway, this.files, this.url, this.port, this.advice] = [parts.gateway, parts.files, parts.served.url, parts.served.port, advised];
    [this.#parts, this.#closeAll] = [parts, closeAll];
  }

  async link(scopes: readonly Scope[], { volunteer = false, ttlMs, page }: LinkOptions = {}): Promise<string> {
    const { links, linkMs, gateways } = this.#parts;
    const token = ttlMs === undefined ? await links.token(scopes, volunteer, linkMs) : (await this.gateway.invite(scopes, { volunteer, ttlMs })).token;
    // Those for people are opened in browsers, which take one host.
    if (gateways.length > 0 && page === undefined && !volunteer) return linkToAny(this.url, gateways, token);
    return linkOf(this.url, token, page === "dashboard" ? "dashboard/" : "");
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
  const onlyHere = isOnlyHere(host) ? [`Only this machine can open ${url}. For others in your network: --host 0.0.0.0${isSecure ? "" : ", and --https so that tabs may use their GPU"}.`] : [];
  if (https === true) {
    return [
      ...onlyHere,
      "The certificate was made on this machine: each browser warns once (\"Advanced\", then \"Proceed\"; in Safari \"Show Details\", then \"visit this website\"). Without the warning: a tunnel or a proxy with a certificate of its own, and --base-url.",
      ...(folder === undefined ? [] : [`Machines need its certificate: copy ${join(resolve(folder), certName)} there, and run NODE_EXTRA_CA_CERTS=${certName} shoal work "…".`]),
    ];
  }
  if (isSecure || onlyHere.length > 0) return onlyHere;
  return [
    `Tabs that open ${url} compute without their GPU: browsers give WebGPU to https pages only. Add --https, or put a tunnel or a proxy with https in front and name it with --base-url.`,
    ...(isEveryAddress(host) && localAddresses().length > 1 ? [`This machine also has the addresses ${localAddresses().slice(1, 5).join(", ")}.`] : []),
  ];
}
