import { memoryChannel, type Channel, type CloseOptions, type DriverToGateway, type Gateway, type GatewayToDriver, type GatewayToWorker, type Scope, type WorkerToGateway } from "@shoal/cluster";
import type { StoredFiles } from "@shoal/cluster/stores";
import type { Coordinator, LinkOptions } from "./coordinator.ts";
import { linkOf, linkToAny } from "./links/link.ts";
import type { PrintedLinks } from "./links/printed-links.ts";
import type { Served } from "./serve-gateway.ts";

interface RunningParts {
  readonly gateway: Gateway;
  readonly files: StoredFiles;
  readonly links: PrintedLinks;
  readonly served: Served;
  readonly gateways: readonly string[];
  readonly linkMs: number;
}

/** One that listens. */
export class RunningCoordinator implements Coordinator {
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
