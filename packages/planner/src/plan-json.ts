import { ShoalError, type Datasource, type Json, type SourceSpec } from "@shoal/core";
import { inputsOf, type LogicalOperator } from "./logical/logical-operator.ts";

/** A plan as JSON. @throws `closure-in-plan`, `source-in-plan` naming the step that can't travel, and how to make it travel. */
export function planToJson(operator: LogicalOperator): Json {
  if ("step" in operator) {
    throw new ShoalError("closure-in-plan", `Step "${operator.kind} ${operator.step.name || "(anonymous)"}()" is a closure, and a closure can't become JSON.`, {
      hint: 'Make it a predictor with definePredictor<…>()(import.meta, "name", { predict }), or run this plan where it is written.',
    });
  }
  if (operator.kind === "read") {
    const { source, ...rest } = operator;
    if (source.spec === undefined) {
      throw new ShoalError("source-in-plan", `The source ${source.name} lives in this process and can't become JSON.`, { hint: "Read from files or URLs instead." });
    }
    return { ...rest, source: source.spec } as unknown as Json;
  }
  const inputs = inputsOf(operator).map(planToJson);
  return ("inputs" in operator ? { ...operator, inputs } : { ...operator, input: inputs[0] }) as unknown as Json;
}

/** The plan back from JSON; `openSource` turns a source's description into a source. @throws `bad-plan`. */
export function planFromJson(json: Json, openSource: (spec: SourceSpec) => Datasource<unknown>): LogicalOperator {
  if (typeof json !== "object" || json === null || Array.isArray(json) || !("kind" in json)) {
    throw new ShoalError("bad-plan", "This JSON is not a plan: a step has no kind.", { hint: "Give what planToJson() gave, whole and unchanged." });
  }
  const operator = json as unknown as LogicalOperator;
  if (operator.kind === "read") return { ...operator, source: openSource(operator.source as unknown as SourceSpec) };
  if ("inputs" in operator) return { ...operator, inputs: operator.inputs.map((input) => planFromJson(input as unknown as Json, openSource)) } as LogicalOperator;
  return { ...operator, input: planFromJson(operator.input as unknown as Json, openSource) };
}
