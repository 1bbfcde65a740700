import { Hono } from "hono";
import { ShoalError, type Logger } from "@shoal/core";
import { refuse } from "../server/refuse.ts";
import { securityHeaders } from "../server/security-headers.ts";
import type { Bindings, RouteParts } from "./route-parts.ts";
import { fileRoutes } from "./file-routes.ts";
import { inviteRoutes } from "./invite-routes.ts";
import { jobRoutes } from "./job-routes.ts";
import { metricsRoutes } from "./metrics-routes.ts";
import { pageRoutes } from "./page-routes.ts";
import { snapshotRoutes } from "./snapshot-routes.ts";

/** Everything that the coordinator answers over HTTP, but for WebSockets. */
export function createApp(parts: RouteParts, log: Logger): Hono<Bindings> {
  const app = new Hono<Bindings>();
  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(securityHeaders)) context.res.headers.set(name, value);
  });
  app
    .route("/", metricsRoutes(parts))
    .route("/", snapshotRoutes(parts))
    .route("/", jobRoutes(parts))
    .route("/", inviteRoutes(parts))
    .route("/", fileRoutes(parts))
    .get("/connect", () => refuse(426, "websocket-only", "This is where workers and drivers connect by WebSocket.", "Run shoal work with the link, or open the link in a browser."))
    .get("/dashboard", (context) => context.redirect("dashboard/", 308))
    .route("/dashboard", pageRoutes(parts.pages.dashboard, "dashboard"))
    .route("/", pageRoutes(parts.pages.volunteer, "volunteer"));
  app.notFound(() => refuse(404, "not-found", "There is nothing here.", "Open the link as it was printed."));
  app.onError((thrown) => {
    const error = ShoalError.from(thrown);
    log.warn(`A request failed: ${error.code}: ${error.message}`);
    return refuse(500, "unexpected", "The coordinator failed at this request.", "Its log says more.");
  });
  return app;
}
