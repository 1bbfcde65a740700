import type { Socket } from "node:net";
import type { Server } from "node:http";
import { isLoopback, plainAddress } from "./requester.ts";

/** How much of this machine strangers may use. */
export interface ServerLimits {
  /** Connections of all kinds. Default 4,000. */
  readonly maxConnections: number;
  /** Of one address, this machine's own and trusted proxies aside. Default 256: a school behind one address. */
  readonly maxConnectionsPerAddress: number;
  /** A connection on which nothing moves for so long is cut, WebSockets aside, which say something themselves. Default 60,000. */
  readonly idleMs: number;
}

export const defaultLimits: ServerLimits = { maxConnections: 4000, maxConnectionsPerAddress: 256, idleMs: 60_000 };

/** Counts what each address has open. */
export class AddressCounter {
  readonly #open = new Map<string, number>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** False: it has as many as it may. Otherwise give it back with `leave`. */
  enter(address: string): boolean {
    const open = this.#open.get(address) ?? 0;
    if (open >= this.#most) return false;
    this.#open.set(address, open + 1);
    return true;
  }

  leave(address: string): void {
    const open = (this.#open.get(address) ?? 0) - 1;
    if (open > 0) this.#open.set(address, open);
    else this.#open.delete(address);
  }
}

/** Bytes through all connections so far, as they are on the wire. */
export interface Traffic {
  readonly connections: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** Holds a server to its limits, and counts what goes through it. */
export function limitConnections(server: Server, limits: ServerLimits, trustedProxies: ReadonlySet<string>): () => Traffic {
  server.maxConnections = limits.maxConnections;
  // Slow headers, slow bodies, connections that only wait.
  server.headersTimeout = Math.min(20_000, limits.idleMs);
  server.requestTimeout = limits.idleMs;
  server.keepAliveTimeout = 5000;
  server.maxHeadersCount = 64;
  server.setTimeout(limits.idleMs);
  const counter = new AddressCounter(limits.maxConnectionsPerAddress);
  const open = new Set<Socket>();
  let receivedBytes = 0;
  let sentBytes = 0;
  server.on("connection", (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress);
    const isCounted = !isLoopback(address) && !trustedProxies.has(address);
    if (isCounted && !counter.enter(address)) return void socket.destroy();
    open.add(socket);
    // Notices peers that vanished without a word, also where a tab is frozen and can't answer itself.
    socket.setKeepAlive(true, 30_000);
    socket.once("close", () => {
      open.delete(socket);
      if (isCounted) counter.leave(address);
      receivedBytes += socket.bytesRead || 0;
      sentBytes += socket.bytesWritten || 0;
    });
  });
  return () => {
    const live = [...open];
    return {
      connections: live.length,
      receivedBytes: live.reduce((sum, socket) => sum + (socket.bytesRead || 0), receivedBytes),
      sentBytes: live.reduce((sum, socket) => sum + (socket.bytesWritten || 0), sentBytes),
    };
  };
}
