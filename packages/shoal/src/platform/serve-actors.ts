import { startActor } from "@shoal/executor";
import { serveActors as serve } from "@shoal/workers/local";
import type { HubOptions } from "@shoal/backend-transformers";
import { actorParts } from "./actor-parts.ts";

export interface ServeActorsOptions {
  /** Where models of the hub come from: a page has no environment variables. Predictors given as data (`textGeneration`, …) work in such a worker too. */
  readonly hub?: HubOptions;
}

/**
 * What the worker entry of a bundle calls, at its top level: `serveActors({ score })`. There a predictor can't be found by importing its
 * module, so it is handed over by name; consuming calls then get `{ worker: () => forkActor(new URL("./worker.js", import.meta.url)) }`, in
 * a page `{ worker: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }) }`.
 */
export function serveActors(predictors: Parameters<typeof serve>[0], options: ServeActorsOptions = {}): void {
  serve(predictors, { startActor, ...actorParts(options.hub) });
}
