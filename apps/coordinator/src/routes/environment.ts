import type { IncomingMessage, ServerResponse } from "node:http";
import type { Context } from "hono";
import type { Gateway, ModelFile, Scope } from "@shoal/cluster";
import type { StoredFiles } from "../files/folder-files.ts";
import type { Traffic } from "../server/connection-limits.ts";
import type { Requester } from "../server/requester.ts";

/** What the routes know. */
export interface Environment {
  readonly gateway: Gateway;
  readonly files: StoredFiles;
  /** The file of a model that a job brought. */
  modelFile(hash: string, path: string): ModelFile | undefined;
  /** Where the world finds us, with a slash at the end. */
  url(): string;
  /** Folders of pages: `undefined` where they are not built. */
  readonly pages: { readonly volunteer: string; readonly dashboard: string };
  requester(request: IncomingMessage): Requester;
  traffic(): Traffic;
}

/** What a request brings along. */
export type Bindings = { Bindings: { incoming: IncomingMessage; outgoing: ServerResponse } };

/** The token of `Authorization: Bearer …`. */
export function bearer(context: Context<Bindings>): string | undefined {
  return /^Bearer +([^\s]{1,4096})$/i.exec(context.req.header("authorization") ?? "")?.[1];
}

/** Whether the request carries a token of the scope. */
export function isAllowed(context: Context<Bindings>, { gateway }: Environment, scope: Scope): boolean {
  const token = bearer(context);
  return token !== undefined && gateway.allows(token, scope);
}
