import { Hono } from "hono";
import type { Offer } from "@shoal/volunteer";
import { refusal, type Bindings, type RouteParts } from "./route-parts.ts";

/** `/api/job`: what the page of volunteers shows before Start, to who has a token of the scope `work`. */
export function jobRoutes(parts: RouteParts): Hono<Bindings> {
  return new Hono<Bindings>().get("/api/job", (context) => {
    const refused = refusal(context, parts, "work", "Open the link as it was printed, with what stands after the #.");
    if (refused !== undefined) return refused;
    const { name, jobs } = parts.gateway.snapshot();
    const running = jobs.filter(({ state }) => state === "running" || state === "paused");
    const offered = running.filter(({ volunteers }) => volunteers);
    const offer: Offer = {
      name,
      jobs: offered.map((job) => ({
        name: job.name,
        ...(job.about?.note !== undefined && { note: job.about.note }),
        columns: job.about?.columns ?? [],
        segments: job.segments.map((segment) => segment.name),
        downloadBytes: job.downloadBytes ?? 0,
        rowsDone: job.rowsDone,
        ...(job.rowsTotal !== undefined && { rowsTotal: job.rowsTotal }),
        ...(job.isEstimate === true && { isEstimate: true as const }),
      })),
      otherJobs: running.length - offered.length,
    };
    return context.json(offer, 200, { "cache-control": "no-store" });
  });
}
