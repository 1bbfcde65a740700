import { startActor } from "@shoal/executor";
import { serveActors as serve } from "@shoal/workers/local";
import { actorParts } from "./actor-parts.ts";

/**
 * What the worker entry of a bundle calls, at its top level: `serveActors({ score })`. There a predictor can't be found by importing its
 * module, so it is handed over by name; consuming calls then get `{ worker: () => forkActor(new URL("./worker.js", import.meta.url)) }`, in
 * a page `{ worker: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }) }`.
 */
export function serveActors(predictors: Parameters<typeof serve>[0]): void {
  serve(predictors, { startActor, ...actorParts() });
}
