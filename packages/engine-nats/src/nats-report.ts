import type { ShoalError } from "@shoal/core";
import type { ConfigDifference } from "./assert-config.ts";

/** What there is to say of an engine on NATS before, or while, gateways use it. */
export interface NatsReport {
  readonly servers: readonly NatsServerReport[];
  readonly replicas: { readonly asked: number; readonly isPossible: boolean };
  /** What a gateway does with its user, tried for real on a stream that is removed again. */
  readonly permissions: readonly NatsPermission[];
  /** Of the account; -1 is no limit. Undefined: it did not say. */
  readonly limits: NatsLimits | undefined;
  readonly ledgers: { readonly live: number; readonly allowed: number };
  /** Those of this engine. */
  readonly streams: readonly NatsStreamReport[];
  /** What has to be mended before this engine can be relied on, each with what to do. */
  readonly problems: readonly ShoalError[];
  /** What may be right, and should be known. */
  readonly advice: readonly ShoalError[];
}

export interface NatsServerReport {
  /** As it was named. */
  readonly address: string;
  readonly isUp: boolean;
  readonly name?: string;
  readonly version?: string;
  readonly cluster?: string;
  /** How many servers share JetStream's own log, as this one knows. */
  readonly clusterSize?: number;
  /** When it syncs what it writes; undefined: its monitoring port does not answer, so it can't be told. */
  readonly syncMs?: number | "always";
}

export interface NatsPermission {
  /** As in `make a stream`. */
  readonly what: string;
  /** Undefined: something before it failed, so it was not tried. */
  readonly isAllowed: boolean | undefined;
  readonly error?: ShoalError;
}

export interface NatsLimits {
  readonly storageBytes: { readonly used: number; readonly allowed: number };
  readonly streams: { readonly used: number; readonly allowed: number };
  readonly consumers: { readonly used: number; readonly allowed: number };
}

export interface NatsStreamReport {
  readonly name: string;
  readonly messages: number;
  readonly bytes: number;
  /** Which server leads it; undefined when none does, or when there is one only. */
  readonly leader?: string;
  /** How many of its replicas have all of it, the leader included. */
  readonly currentReplicas: number;
  readonly difference?: ConfigDifference;
}
