import { listModelFiles } from "@shoal/backend-transformers";
import { travel, type PhysicalOperator } from "@shoal/planner";

const onThisMachine = /^(file:|[./\\]|[A-Za-z]:[\\/])/i;

/**
 * Sees whether the folders of models that go along from this machine are there, before anybody is told of the run. What is at a hub is asked for when the job is brought.
 * @throws `model-not-found`, and what else listing its files throws
 */
export async function checkModels(plan: PhysicalOperator, signal: AbortSignal): Promise<void> {
  for (const { stage: { spec } } of travel(plan).segments) {
    if (spec.kind === "declarative" && spec.backend === "transformers" && onThisMachine.test(spec.model)) await listModelFiles(spec, { signal });
  }
}
