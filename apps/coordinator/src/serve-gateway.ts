import type { IncomingMessage, ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import { dashboardPage } from "#dashboard-page";
import type { Gateway } from "@shoal/cluster";
import { ShoalError, type Clock, type Logger } from "@shoal/core";
import { pageFolder as volunteerPage } from "@shoal/volunteer";
import type { StoredFiles } from "@shoal/cluster/stores";
import type { Certificate } from "./https/certificate.ts";
import { linkOf, pageOf } from "./links/link.ts";
import { linkHost } from "./links/local-names.ts";
import type { CountedEngine, RouteParts } from "./routes/route-parts.ts";
import { acceptSockets } from "./server/accept-sockets.ts";
import { basePathOf, withoutBasePath } from "./server/base-path.ts";
import { limitConnections, type ServerLimits } from "./server/connection-limits.ts";
import { listen, openServer } from "./server/listen.ts";
import { loadedAfterMs, loadWhenAsked } from "./server/load-when-asked.ts";
import { securityHeaders } from "./server/security-headers.ts";
import { requester, type Surroundings } from "./server/requester.ts";

export interface ServeOptions {
  readonly gateway: Gateway;
  readonly files: StoredFiles;
  /** The token of an invite that was printed. */
  readonly tokenOfInvite?: (id: string) => string | undefined;
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly certificate: Certificate | undefined;
  readonly baseUrl: string | undefined;
  readonly trustedProxies: readonly string[] | undefined;
  readonly origins: readonly string[];
  /** Folders of built pages. Default: those that come with this package. */
  readonly pages?: RouteParts["pages"];
  readonly limits: ServerLimits;
  /** Where several gateways share an engine. */
  readonly engine?: CountedEngine;
  /** No more work is to be sent here. Default: never. */
  readonly isClosing?: () => boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Served {
  readonly port: number;
  /** With a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

const ownPages: RouteParts["pages"] = { volunteer: fileURLToPath(volunteerPage), dashboard: fileURLToPath(dashboardPage) };

/** For readers of snapshots to hear how everything ended. */
const lastWordsMs = 1000;

/** Puts a gateway on the network: pages, files, API and WebSockets. @throws `port-taken`, `bad-host`, `bad-certificate`, `bad-option` */
export async function serveGateway({ gateway, files, tokenOfInvite, host, port, certificate, baseUrl, trustedProxies, origins, limits, engine, isClosing = () => false, clock, log, pages = ownPages }: ServeOptions): Promise<Served> {
  if (baseUrl !== undefined && (!URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol))) {
    throw new ShoalError("bad-option", `"${baseUrl}" can't be where the world finds this coordinator.`, { hint: "Give a whole address, such as https://example.org/shoal/.", failure: "bug" });
  }
  const surroundings: Surroundings = {
    // A proxy or tunnel on this machine, where one is spoken of.
    trustedProxies: new Set(trustedProxies ?? (baseUrl === undefined ? [] : ["127.0.0.1", "::1"])),
    origins: new Set([...origins, ...(baseUrl === undefined ? [] : [new URL(baseUrl).origin])]),
  };
  const server = openServer(certificate);
  const traffic = limitConnections(server, limits, surroundings.trustedProxies);
  const basePath = basePathOf(baseUrl);
  let url = "";
  const ending = new AbortController();
  const streams = new Set<Promise<void>>();
  const parts: RouteParts = {
    gateway, isClosing,
    ...(engine !== undefined && { engine }),
    ending: ending.signal,
    streaming: () => {
      let end = (): void => {};
      const ended = new Promise<void>((resolve) => (end = resolve));
      streams.add(ended);
      void ended.then(() => streams.delete(ended));
      return end;
    },
    files,
    modelFile: (model, path) => gateway.modelFile(model, path),
    linkOfInvite: ({ id, scopes }) => {
      const token = tokenOfInvite?.(id);
      return token === undefined ? undefined : linkOf(url, token, pageOf(scopes));
    },
    url: () => url,
    pages,
    requester: (request) => requester(request, surroundings),
    traffic,
  };
  const withRoutes = loadWhenAsked(async () => (await import("./routes/answer-requests.ts")).answerRequests(parts, log));
  server.on("request", requestListener(withRoutes, basePath, log));
  const sockets = acceptSockets(server, gateway, { basePath, surroundings, limits, clock, log });
  const taken = await listen(server, host, port);
  url = baseUrl === undefined ? `${certificate === undefined ? "http" : "https"}://${linkHost(host)}:${taken}/` : `${new URL(baseUrl).origin}${basePath}`;
  void clock.sleep(loadedAfterMs, ending.signal).then(() => {
    withRoutes(() => {}, () => {});
    sockets.load();
  }, () => {});
  return {
    port: taken,
    url,
    close: async () => {
      sockets.close();
      ending.abort();
      await Promise.race([Promise.all(streams), clock.sleep(lastWordsMs)]);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

type Answer = (incoming: IncomingMessage, outgoing: ServerResponse) => unknown;

/** Knows where the base path begins, and leaves all else to the routes. */
function requestListener(withRoutes: ReturnType<typeof loadWhenAsked<Answer>>, basePath: string, log: Logger): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  return (incoming, outgoing) => {
    const path = withoutBasePath(incoming.url ?? "/", basePath);
    if (path === undefined) return void outgoing.writeHead(308, { ...securityHeaders, location: basePath, "content-length": "0" }).end();
    incoming.url = path;
    withRoutes(
      // Who left meanwhile is told nothing.
      (answer) => void (outgoing.destroyed || answer(incoming, outgoing)),
      (error) => {
        log.warn(`A request failed: the server's routes could not be loaded: ${ShoalError.from(error).message}`);
        outgoing.writeHead(500, { ...securityHeaders, "content-length": "0" }).end();
      },
    );
  };
}
