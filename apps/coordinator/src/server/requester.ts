import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { localNames } from "../links/local-names.ts";

/** Which machines in front of this one are believed, and where the world finds us. */
export interface Surroundings {
  /** Whose `X-Forwarded-…` headers count: addresses of proxies. */
  readonly trustedProxies: ReadonlySet<string>;
  /** Origins besides its own from which pages may connect. */
  readonly origins: ReadonlySet<string>;
}

/** Who asks, as far as can be told. */
export interface Requester {
  readonly address: string;
  /** A program on this machine, and no proxy that speaks for others; asked for by a name of this machine, which no page of a stranger can do. */
  readonly isThisMachine: boolean;
}

export function requester(request: IncomingMessage, { trustedProxies }: Surroundings): Requester {
  const peer = plainAddress(request.socket.remoteAddress);
  const forwarded = header(request, "x-forwarded-for");
  const isForwarded = forwarded !== undefined || header(request, "forwarded") !== undefined || header(request, "x-forwarded-host") !== undefined;
  if (trustedProxies.has(peer) && forwarded !== undefined) {
    // Each proxy adds whom it heard: the last one that is no proxy of ours is as far as we can believe.
    const heard = forwarded.split(",").map((each) => plainAddress(each.trim())).reverse();
    return { address: heard.find((address) => !trustedProxies.has(address)) ?? peer, isThisMachine: false };
  }
  return { address: peer, isThisMachine: !isForwarded && isLoopback(peer) && isLoopbackName(header(request, "host")) };
}

/** Whether a page of this origin may connect: one that came from here. Programs that are no browsers send no origin. */
export function isOwnOrigin(request: IncomingMessage, { trustedProxies, origins }: Surroundings): boolean {
  const origin = header(request, "origin");
  if (origin === undefined || origins.has(origin)) return true;
  const isTrusted = trustedProxies.has(plainAddress(request.socket.remoteAddress));
  const host = (isTrusted ? header(request, "x-forwarded-host") : undefined) ?? header(request, "host");
  const protocol = (isTrusted ? header(request, "x-forwarded-proto") : undefined) ?? ("encrypted" in request.socket && request.socket.encrypted === true ? "https" : "http");
  return host !== undefined && origin === `${protocol}://${host}` && (isTrusted || isOwnHost(request, host));
}

/** A page of a stranger whose name leads to this machine's own loopback has that name in its origin and in its host: nobody else asks there by such a name. */
function isOwnHost(request: IncomingMessage, host: string): boolean {
  if (!isLoopback(plainAddress(request.socket.remoteAddress)) || header(request, "x-forwarded-host") !== undefined) return true;
  return isLoopbackName(host) || localNames().includes(host.replace(/:\d+$/, "").toLowerCase()) || isIP(host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1")) !== 0;
}

export function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

/** IPv4 as it is written, also where it came in as IPv6. */
export function plainAddress(address: string | undefined): string {
  return (address ?? "").replace(/^::ffff:(?=\d+\.)/i, "");
}

function isLoopbackName(host: string | undefined): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i.test(host ?? "");
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(",") : value;
}
