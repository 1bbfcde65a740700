import type { PredictorSpec } from "@shoal/core";
import type { ActorPoolStage, PhysicalOperator } from "./physical/physical-operator.ts";
import { travel, type StayingStep, type TravelOptions } from "./travel.ts";

/** The cut of a plan as text: each segment with what it needs, each step that stays with the reason. */
export function explainTravel(physical: PhysicalOperator, options?: TravelOptions): string {
  const { segments, stays } = travel(physical, options);
  return [
    segments.length === 0 ? "Segments: other machines can run nothing of this" : "Segments: what other machines can run",
    ...segments.map(({ stage, name }) => `  ${name}: ${needs(stage)}; ${columns(stage.spec)}`),
    "Stays here",
    ...grouped(stays).map(({ steps, why }) => `  ${steps.join(", ")} because ${why}`),
  ].join("\n");
}

function needs({ device, numGpus, memory, spec }: ActorPoolStage): string {
  const onDevice = device !== "auto" ? `device ${device}` : numGpus > 0 ? "any GPU" : "any device";
  const what = spec.kind === "declarative" ? `model ${shortName(spec.model)}` : `code ${shortName(spec.module)}#${spec.export}`;
  return [onDevice, memory > 0 ? `memory ${Math.ceil(memory / 2 ** 20)} MiB` : "memory not stated", what].join(", ");
}

function columns(spec: PredictorSpec): string {
  return spec.kind === "declarative" ? `sends [${spec.reads.join(", ")}], gets [${spec.adds.join(", ")}]` : "sends and gets whole rows";
}

/** `storyteller` of `file:///…/storyteller/`; a list of files is called what stands behind its `#`. */
function shortName(model: string): string {
  if (/^data:/i.test(model)) return model.split("#")[1] ?? "a list of files";
  return model.split(/[?#]/)[0]?.split(/[/\\]/).findLast((part) => part !== "") ?? model;
}

/** Steps with one reason stand in one line, those of one name once. */
function grouped(stays: readonly StayingStep[]): { steps: string[]; why: string }[] {
  const groups = new Map<string, string[]>();
  for (const { step, why } of stays) groups.set(why, [...(groups.get(why) ?? []), step]);
  return [...groups].map(([why, steps]) => ({ steps: [...new Set(steps)], why }));
}
