import type { Channel } from "../connection/channel.ts";
import type { DriverToGateway, GatewayToDriver, GatewayToWorker, ModelFile, Scope, WorkerToGateway } from "../connection/messages.ts";
import type { Invite, Snapshot } from "./snapshot/snapshot.ts";

/** Where a connection comes from. */
export interface Origin {
  /** For limits on connections of one address; absent within this process, which is trusted and needs no token. */
  readonly address?: string;
}

/**
 * The side of the coordinator that drivers and workers speak to: takes their connections, drives the scheduler, checks results, commits them to the engine's
 * ledger. Does no I/O but through the engine and its channels.
 */
export interface Gateway {
  /** Takes a connection; its first message says who it is. */
  accept(channel: Channel<GatewayToWorker | GatewayToDriver, WorkerToGateway | DriverToGateway>, origin: Origin): void;
  /**
   * A token that lets in whoever shows it, for what it says and `ttlMs` milliseconds (a day, if nothing is said); as a volunteer only to jobs that are for volunteers. Written down in
   * the engine when this resolves: it holds at all of its gateways, and after a restart. While the engine is paused this waits.
   * @throws the reason of the gateway's end; what the engine throws
   */
  invite(scopes: readonly Scope[], options?: { readonly volunteer?: boolean; readonly ttlMs?: number }): Promise<{ readonly token: string; readonly invite: Invite }>;
  /** All that were given out and have not run out: revoked ones too. */
  invites(): readonly Invite[];
  /**
   * Nobody comes in by this invite any more, nor by keys that were given for it, and those who did are sent away, at once. At the engine's other gateways too, and after a restart, once
   * this resolves; while the engine is paused it waits.
   * @throws the reason of the gateway's end; what the engine throws
   */
  revoke(invite: string): Promise<void>;
  /** Whether a token allows something: for pages and files over HTTP. */
  allows(token: string, scope: Scope): boolean;
  /** Somebody came by a token for pages alone: its invite counts as used. */
  noteUse(token: string): void;
  /** A file of a model that a job brought, by the hash of the model: to hand it out over HTTP. */
  modelFile(model: string, path: string): ModelFile | undefined;
  snapshot(): Snapshot;
  /** Called after changes, at most a few times a second. Gives what stops it. */
  watch(onChange: () => void): () => void;
  /** Settles when it is over. */
  readonly ended: Promise<void>;
  /** Asks workers to leave, or with `again` to wait; waits for the commits under way, tells drivers. */
  close(options?: CloseOptions): Promise<void>;
}

/** How a gateway ends. */
export interface CloseOptions {
  /**
   * It may come back, with all that was committed. Workers from elsewhere then finish what they run, hold the results, and come again by themselves;
   * otherwise they leave for good. Default false.
   */
  readonly again?: boolean;
}
