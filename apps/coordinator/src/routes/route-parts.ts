import type { IncomingMessage, ServerResponse } from "node:http";
import type { Context } from "hono";
import type { Engine, Gateway, Invite, ModelFile, Scope } from "@shoal/cluster";
import type { Clock } from "@shoal/core";
import type { StoredFiles } from "@shoal/cluster/stores";
import type { EngineNumbers } from "../metrics/measure-engine.ts";
import type { Traffic } from "../server/connection-limits.ts";
import { refuse } from "../server/refuse.ts";
import type { Requester } from "../server/requester.ts";

/** What the routes know. */
export interface RouteParts {
  readonly gateway: Gateway;
  readonly files: StoredFiles;
  /** The file of a model that a job brought. */
  modelFile(hash: string, path: string): ModelFile | undefined;
  /** The link of an invite that was printed. */
  linkOfInvite(invite: Invite): string | undefined;
  /** Where the world finds us, with a slash at the end. */
  url(): string;
  /** Folders of pages; empty where they are not built. */
  readonly pages: { readonly volunteer: string; readonly dashboard: string };
  requester(request: IncomingMessage): Requester;
  traffic(): Traffic;
  /** Where several gateways share an engine. */
  readonly engine?: CountedEngine;
  /** No more work is to be sent here. */
  isClosing(): boolean;
  /** The coordinator ends: streams say their last, and end too. */
  readonly ending: AbortSignal;
  /** Holds the end up, for a moment at most, until what it gives is called. */
  streaming(): () => void;
}

/** An engine of several gateways, and what this one asked of it. */
export interface CountedEngine {
  readonly engine: Engine;
  readonly numbers: EngineNumbers;
  /** Of this gateway among the others, for people. */
  label(): string;
  readonly clock: Clock;
}

/** What a request brings along. */
export type Bindings = { Bindings: { incoming: IncomingMessage; outgoing: ServerResponse } };

/** The token of `Authorization: Bearer …`. */
function bearer(context: Context<Bindings>): string | undefined {
  return /^Bearer +([^\s]{1,4096})$/i.exec(context.req.header("authorization") ?? "")?.[1];
}

/** The link by which the request came is in use. */
export function noteUse(context: Context<Bindings>, { gateway }: RouteParts): void {
  const token = bearer(context);
  if (token !== undefined) gateway.noteUse(token);
}

const scopes: readonly Scope[] = ["submit", "work", "observe"];

/** Undefined where the request carries a token of the scope; otherwise what is answered. @param hint where such a token is had */
export function refusal(context: Context<Bindings>, { gateway }: RouteParts, scope: Scope, hint: string): Response | undefined {
  const token = bearer(context);
  if (token !== undefined && gateway.allows(token, scope)) return undefined;
  if (token !== undefined && scopes.some((other) => gateway.allows(token, other))) return refuse(403, "not-allowed", `This link allows other things: what was asked for needs one that says \`${scope}\`.`, hint);
  return refuse(401, "not-allowed", `What was asked for needs a link that says \`${scope}\`; this one lets nobody in: it may have expired or been revoked.`, hint);
}

/** Whether a request that goes on for long may still do so: its link may be revoked meanwhile, or expire. */
export function allowsStill(context: Context<Bindings>, { gateway }: RouteParts, scope: Scope): () => boolean {
  const token = bearer(context);
  return () => token !== undefined && gateway.allows(token, scope);
}
