import { findDefinition, predictorLoader, registerDefinition, ShoalError, type AnyDefinition, type Backend, type LoadPredictor, type ModulePredictorSpec, type PredictorSpec } from "@shoal/core";

/** Predictors that a worker entry hands over: what `definePredictor` returned, under any names. */
export type ServedPredictors = Readonly<Record<string, { readonly spec: PredictorSpec }>>;

/** Finds predictors of one's own among those served, by the name they were defined with: in a bundle the URL says nothing. */
export function servedLoader(served: ServedPredictors, backends: readonly Backend[]): LoadPredictor {
  const names = Object.values(served).flatMap(({ spec }) => (spec.kind === "module" ? [spec.export] : []));
  const load = predictorLoader(backends, () =>
    Promise.reject(new ShoalError("predictor-not-served", `This worker serves ${names.map((name) => `"${name}"`).join(", ") || "no predictor"}, and imports nothing.`, { failure: "bug", hint: "Add it to the worker's entry: serveActors({ name }), under the name it was defined with." })));
  return (spec, actor) => {
    if (spec.kind === "module") adopt(spec, served);
    return load(spec, actor);
  };
}

function adopt(spec: ModulePredictorSpec, served: ServedPredictors): void {
  const found = new Set<AnyDefinition>();
  for (const { spec: own } of Object.values(served)) {
    if (own.kind !== "module" || own.export !== spec.export) continue;
    const definition = findDefinition(own.module, own.export);
    if (definition !== undefined) found.add(definition);
    if (own.module === spec.module) return;
  }
  if (found.size > 1) {
    throw new ShoalError("predictor-name-taken", `This worker serves ${found.size} predictors that were defined as "${spec.export}", and can't tell which is meant.`, { failure: "bug", hint: "Give each a name of its own in definePredictor." });
  }
  for (const definition of found) registerDefinition(spec.module, spec.export, definition);
}
