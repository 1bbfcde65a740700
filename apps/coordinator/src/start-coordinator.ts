import { join } from "node:path";
import { createGateway, type CloseOptions } from "@shoal/cluster";
import { folderFiles } from "@shoal/cluster/stores";
import { ShoalError, silentLogger, systemClock, systemRandom } from "@shoal/core";
import { advice } from "./advice.ts";
import { createResultChecker } from "./checking/result-checker.ts";
import { closeLastFirst } from "./close-last-first.ts";
import type { Coordinator, CoordinatorOptions } from "./coordinator.ts";
import { ownEngine, sharedEngine } from "./coordinator-engine.ts";
import { ownCertificate, readCertificate, type Certificate } from "./https/certificate.ts";
import { isEveryAddress } from "./links/local-names.ts";
import { RunningCoordinator } from "./running-coordinator.ts";
import { serveGateway, type Served } from "./serve-gateway.ts";
import { defaultLimits } from "./server/connection-limits.ts";
import { openState } from "./state/coordinator-state.ts";

const dayMs = 24 * 3600 * 1000;

/**
 * Lets workers and drivers in.
 * @throws `port-taken`, `bad-host`, `bad-certificate`, `bad-option`, `state-damaged`; `engine-folder-busy` while another coordinator has the folder; what opening the engine throws; `store-differs`; the signal's reason
 */
export async function startCoordinator(options: CoordinatorOptions = {}): Promise<Coordinator> {
  const { folder, host = "127.0.0.1", https, baseUrl, name = "coordinator", log = silentLogger } = options;
  const clock = systemClock;
  const random = systemRandom;
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
    // The gateway says goodbye over sockets that are still open.
    let served: Served | undefined = undefined;
    closing.push(async () => served?.close());
    closing.push((how) => gateway.close(how));
    const certificate = await certificateOf(https, folder, host);
    const links = coordinatorEngine.links(gateway, state, over.signal);
    let port = 0;
    served = await serveGateway({
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
    if (state.port !== served.port) await state.keepPort(served.port);
    const coordinator = new RunningCoordinator({ gateway, files, links, served, gateways: options.gateways ?? [], linkMs: options.linkMs ?? 30 * dayMs }, advice(options, served.url, certificate !== undefined), closeAll);
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

async function certificateOf(https: CoordinatorOptions["https"], folder: string | undefined, host: string): Promise<Certificate | undefined> {
  if (https === undefined) return undefined;
  return https === true ? ownCertificate(folder, isEveryAddress(host) ? [] : [host]) : readCertificate(https.cert, https.key);
}
