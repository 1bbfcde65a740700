import { Hono } from "hono";
import { prometheusText, type EngineMetrics } from "../metrics/prometheus-text.ts";
import { refusal, type Bindings, type RouteParts } from "./route-parts.ts";

/** An engine that does not say how many ledgers it has is not waited for. */
const ledgersMs = 2_000;

/**
 * `/metrics` for Prometheus, with a token of the scope `observe` or from this machine. For everybody: `/healthz` for whatever sends work here, which says why nothing is committed, and
 * `/livez` for whatever restarts what is stuck: an engine that is away is no reason to.
 */
export function metricsRoutes(parts: RouteParts): Hono<Bindings> {
  return new Hono<Bindings>()
    .get("/metrics", async (context) => {
      const refused = parts.requester(context.env.incoming).isThisMachine ? undefined : refusal(context, parts, "observe", "Send Authorization: Bearer with the token of the dashboard's link, or ask on the machine itself.");
      if (refused !== undefined) return refused;
      const text = prometheusText(parts.gateway.snapshot(), parts.traffic(), process.memoryUsage().rss, await sharedEngine(parts));
      return new Response(text, { headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8", "cache-control": "no-store" } });
    })
    .get("/healthz", (context) => {
      const { engine } = parts;
      const status = engine?.engine.status();
      const why = parts.isClosing() ? "closing" : (parts.gateway.snapshot().paused ?? (status?.state === "paused" ? status.reason.message : undefined));
      const about = engine === undefined ? "" : `gateway: ${engine.label()}\nengine: ${status?.state === "paused" ? `paused: ${status.reason.message}` : "running"}\n`;
      const first = why === undefined ? "ok" : why === "closing" ? why : `paused: ${why}`;
      return context.text(`${first}\n${about}`, why === undefined ? 200 : 503, { "cache-control": "no-store" });
    })
    .get("/livez", (context) => context.text("ok\n", 200, { "cache-control": "no-store" }));
}

async function sharedEngine({ engine: shared }: RouteParts): Promise<EngineMetrics | undefined> {
  if (shared === undefined) return undefined;
  const { engine, numbers, clock } = shared;
  const status = engine.status();
  const late = new AbortController();
  const ledgers = await Promise.race([engine.ledger.jobs().then(({ length }) => length, () => undefined), clock.sleep(ledgersMs, late.signal).then(() => undefined, () => undefined)]);
  late.abort();
  return { gateway: shared.label(), numbers, ...(status.state === "paused" && { paused: status.reason.message }), ...(ledgers !== undefined && { ledgers }) };
}
