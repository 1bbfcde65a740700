import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocket, WebSocketServer } from "ws";
import { defaultConnectionLimits, inFragments, socketChannel, type Gateway, type WebSocketLike } from "@shoal/cluster";
import { ShoalError, type Clock, type Logger } from "@shoal/core";
import { isLoopback, isOwnOrigin, requester, type Surroundings } from "./requester.ts";
import { AddressCounter, type ServerLimits } from "./connection-limits.ts";
import { withoutBasePath } from "./base-path.ts";
import { DeadSockets } from "./dead-sockets.ts";
import { loadWhenAsked } from "./load-when-asked.ts";

/** The most that one message may have. */
const maxPayload = defaultConnectionLimits.frameBytes;

/** Bun puts sockets of its own in the place of those of `ws`, and they know nothing of fragments. */
const isWs = process.versions["bun"] === undefined;

export interface SocketSettings {
  readonly basePath: string;
  readonly surroundings: Surroundings;
  readonly limits: ServerLimits;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface AcceptedSockets {
  /** What takes them is loaded, as with the first. */
  load(): void;
  /** Cuts those that are left, and takes no more. */
  close(): void;
}

/** Takes WebSockets at `<base>/connect`, and hands them to the gateway. */
export function acceptSockets(server: Server, gateway: Gateway, { basePath, surroundings, limits, clock, log }: SocketSettings): AcceptedSockets {
  const counter = new AddressCounter(limits.maxConnectionsPerAddress);
  const over = new AbortController();
  const dead = new DeadSockets(clock, over.signal);
  let opened: WebSocketServer | undefined;
  const withSockets = loadWhenAsked(async () => {
    const { WebSocketServer } = await import("ws");
    opened = new WebSocketServer({ noServer: true, clientTracking: true, perMessageDeflate: false, maxPayload });
    // One that is closed refuses.
    if (over.signal.aborted) opened.close();
    return opened;
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // Whoever leaves during the handshake is nobody's error.
    socket.on("error", () => {});
    const path = withoutBasePath((request.url ?? "/").replace(/\?.*/s, ""), basePath);
    if (path !== "/connect") return refuse(socket, "404 Not Found", "WebSockets are taken at connect.");
    if (!isOwnOrigin(request, surroundings)) return refuse(socket, "403 Forbidden", "Pages from elsewhere may not connect.");
    const { address } = requester(request, surroundings);
    const isCounted = !isLoopback(address);
    if (isCounted && !counter.enter(address)) return refuse(socket, "429 Too Many Requests", "There are as many connections from this address as there may be.");
    if (isCounted) socket.once("close", () => counter.leave(address));
    const accept = (webSocket: WebSocket): void => {
      dead.watch(webSocket, socket);
      // `ws` has more overloads of its listeners than the standard.
      const counted: WebSocketLike = Object.assign(webSocket as unknown as WebSocketLike, { bytesRead: () => bytesRead(socket) });
      const channel = socketChannel(isWs ? inFragments(counted) : counted, { side: "gateway", clock, label: `the program at ${address}` });
      gateway.accept(channel, { address });
    };
    withSockets(
      (sockets) => sockets.handleUpgrade(request, socket, head, accept),
      (error) => {
        log.warn(`A WebSocket was refused: what takes it could not be loaded: ${ShoalError.from(error).message}`);
        refuse(socket, "500 Internal Server Error", "The coordinator failed at this connection.");
      },
    );
  });
  return {
    load: () => withSockets(() => {}, () => {}),
    close: () => {
      over.abort();
      for (const webSocket of opened?.clients ?? []) webSocket.terminate();
      opened?.close();
    },
  };
}

function bytesRead(socket: Duplex): number {
  return (socket as { readonly bytesRead?: number }).bytesRead ?? 0;
}

function refuse(socket: Duplex, status: string, why: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(why) + 1}\r\n\r\n${why}\n`);
}
