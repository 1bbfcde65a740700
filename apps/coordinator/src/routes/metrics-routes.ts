import { Hono } from "hono";
import { prometheusText } from "../metrics/prometheus-text.ts";
import { refusal, type Bindings, type Environment } from "./environment.ts";

/** `/metrics` for Prometheus, with a token of the scope `observe` or from this machine; `/healthz` for whatever restarts or routes, for everybody. */
export function metricsRoutes(environment: Environment): Hono<Bindings> {
  return new Hono<Bindings>()
    .get("/metrics", (context) => {
      const refused = environment.requester(context.env.incoming).isThisMachine ? undefined : refusal(context, environment, "observe", "Send Authorization: Bearer with the token of the dashboard's link, or ask on the machine itself.");
      if (refused !== undefined) return refused;
      const text = prometheusText(environment.gateway.snapshot(), environment.traffic(), process.memoryUsage().rss);
      return new Response(text, { headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8", "cache-control": "no-store" } });
    })
    .get("/healthz", (context) => {
      const { paused } = environment.gateway.snapshot();
      return context.text(paused === undefined ? "ok\n" : `paused: ${paused}\n`, paused === undefined ? 200 : 503, { "cache-control": "no-store" });
    });
}
