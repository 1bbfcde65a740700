import { Hono } from "hono";
import { refusal, type Bindings, type Environment } from "./environment.ts";

/** A job, as it is described to somebody who may lend a tab to it. */
export interface OfferedJob {
  readonly name: string;
  /** What its rows are, in the words of who brought it. */
  readonly note?: string;
  /** What a volunteer gets to see of each row. */
  readonly columns: readonly string[];
  readonly segments: readonly string[];
  /** Of models, which are loaded once. */
  readonly downloadBytes: number;
  readonly rowsDone: number;
  readonly rowsTotal?: number;
}

/** What `/api/job` answers. */
export interface Offer {
  /** Of the coordinator. */
  readonly name: string;
  readonly jobs: readonly OfferedJob[];
  /** Jobs that are not for volunteers: nothing more is said of them. */
  readonly otherJobs: number;
}

/** `/api/job`: what the page of volunteers shows before Start, to who has a token of the scope `work`. */
export function jobRoutes(environment: Environment): Hono<Bindings> {
  return new Hono<Bindings>().get("/api/job", (context) => {
    const refused = refusal(context, environment, "work", "Open the link as it was printed, with what stands after the #.");
    if (refused !== undefined) return refused;
    const { name, jobs } = environment.gateway.snapshot();
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
      })),
      otherJobs: running.length - offered.length,
    };
    return context.json(offer, 200, { "cache-control": "no-store" });
  });
}
