import type { ActorPoolStage } from "./physical/physical-operator.ts";

/** A stage of actors without what it reads from: what another machine needs in order to predict its blocks. JSON. */
export type SegmentPlan = Omit<ActorPoolStage, "input">;

/** A stage as it travels. */
export function segmentPlan({ input: _input, ...plan }: ActorPoolStage): SegmentPlan {
  return plan;
}
