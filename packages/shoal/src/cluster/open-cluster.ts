import { createCluster, GatewayHosts, type ClusterParts, type ConnectedCluster } from "@shoal/cluster";
import { systemClock, wakefulClock, type Logger } from "@shoal/core";
import { socketOpener } from "#agent-runtime";
import { bundlePredictor } from "#platform";
import { dialSocket } from "../agent/dial.ts";
import type { ConnectOptions } from "./connect.ts";
import { findModel } from "./find-model.ts";

export type OpenClusterOptions = ConnectOptions & { readonly log: Logger };

/** The cluster of a coordinator at a URL, or of several gateways of one engine. */
export function openCluster(urls: readonly [string, ...string[]], token: string, options: OpenClusterOptions): ConnectedCluster {
  const hosts = new GatewayHosts(urls, randomNumber);
  return clusterOver({ dial: hosts.dial((base, signal) => dialSocket(base, socketOpener, "driver", signal), systemClock), label: urls.join(", "), token }, options);
}

/** The cluster of whatever is dialled, with the models and the time of this process. */
export function clusterOver(connection: Pick<ClusterParts, "dial" | "label" | "token" | "modelFiles" | "bundle">, { hub, log, code = false }: OpenClusterOptions): ConnectedCluster {
  return createCluster({ modelFiles: findModel({ hub, log }), ...(code && { bundle: bundlePredictor }), ...connection, name: `driver-${randomDigits()}`, clock: wakefulClock, random: randomNumber, log });
}

/** `randomUUID` is there for secure pages alone. */
function randomDigits(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Names of jobs are made of these: nobody may guess one. */
function randomNumber(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] as number) / 2 ** 32;
}
