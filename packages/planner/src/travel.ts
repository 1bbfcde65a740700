import { isStateful, type FunctionStep } from "./logical/logical-operator.ts";
import { physicalInputsOf, type ActorPoolStage, type PhysicalOperator } from "./physical/physical-operator.ts";

/** Where a plan is cut when other machines help. */
export interface Travel {
  /** Stages that other machines can run, each over blocks of its own, inputs first. */
  readonly segments: readonly TravellingSegment[];
  /** What the driver runs itself, and why, inputs first. */
  readonly stays: readonly StayingStep[];
}

export interface TravellingSegment {
  readonly stage: ActorPoolStage;
  readonly name: string;
}

export interface StayingStep {
  readonly step: string;
  /** As it goes on after "because". */
  readonly why: string;
  /** It is a predictor, for which other machines would have been of use. */
  readonly predictor: boolean;
  /** It would travel where code may go. */
  readonly asCode?: true;
}

/** What a {@link travel} may take for granted. */
export interface TravelOptions {
  /** Predictors of one's own go as code, to workers that allow it. Default false: only what is pure data travels. */
  readonly code?: boolean;
}

/**
 * Cuts a plan into what other machines can run and what stays with the driver. A segment is one stage of actors, for another model is
 * another need; all else costs little, or can't leave the process in which it was written.
 */
export function travel(physical: PhysicalOperator, { code = false }: TravelOptions = {}): Travel {
  const segments: TravellingSegment[] = [];
  const stays: StayingStep[] = [];
  const visit = (operator: PhysicalOperator): void => {
    for (const input of physicalInputsOf(operator)) visit(input);
    if (operator.kind !== "actor-pool") return void stays.push(...staying(operator));
    const reason = whyPredictorStays(operator, code);
    if (reason === undefined) segments.push({ stage: operator, name: operator.spec.name });
    else stays.push({ step: operator.spec.name, ...reason, predictor: true });
  };
  visit(physical);
  return { segments, stays };
}

function whyPredictorStays({ spec }: ActorPoolStage, code: boolean): Pick<StayingStep, "why" | "asCode"> | undefined {
  if (isStateful(spec)) return { why: "it is stateful: it remembers from batch to batch, in one place and in order" };
  if (spec.kind === "module" && !code) return { why: "it is a predictor of your own, and goes as code only with --code (in a program, connect(link, { code: true }))", asCode: true };
  return undefined;
}

const closure = `a closure can't leave the process that it was written in; to let it travel, make it a predictor with definePredictor<…>()(import.meta, "name", { predict })`;

function staying(operator: Exclude<PhysicalOperator, ActorPoolStage>): StayingStep[] {
  const step = (name: string, why: string): StayingStep => ({ step: name, why, predictor: false });
  switch (operator.kind) {
    case "scan": return [step(`scan ${operator.source.name}`, "it reads the source")];
    case "row-functions": return operator.steps.map((each) => step(`${each.kind} ${nameOf(each.step)}`, closure));
    case "batch-function": return [step(`map-batches ${nameOf(operator.step)}`, closure)];
    case "recut": return [step("recut", "it cuts the blocks")];
    case "project": return [step("project", "choosing columns costs nothing")];
    case "limit": return [step(`limit ${operator.rows}`, "it counts rows in their order")];
    case "union": case "zip": return [step(operator.kind, "it joins streams of rows")];
  }
}

function nameOf({ name }: FunctionStep<unknown>): string {
  return `${name || "(anonymous)"}()`;
}
