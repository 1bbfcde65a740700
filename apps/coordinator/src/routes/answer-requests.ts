import { getRequestListener } from "@hono/node-server";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "@shoal/core";
import { createApp } from "./app.ts";
import type { RouteParts } from "./route-parts.ts";

/** Answers the requests of a server by the routes of the app. */
export function answerRequests(parts: RouteParts, log: Logger): (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void> {
  const app = createApp(parts, log);
  return getRequestListener((request, bindings) => app.fetch(request, bindings), { overrideGlobalObjects: false });
}
