import { assertNotInsideActor, schemaOf, type Schema } from "@shoal/core";
import { consume, type Runnable } from "./consume.ts";
import type { RunSettings } from "./run-settings.ts";

/**
 * Asks the source where no step follows it. A source that does not know shows its first block, a plan with steps is run for one row:
 * no more than that is predicted. An empty dataset has no columns.
 */
export async function schemaOfPlan({ plan, runtime }: Runnable, settings: RunSettings): Promise<Schema> {
  assertNotInsideActor();
  if (plan.kind === "read") {
    const known = await plan.source.schema?.(settings.signal ?? new AbortController().signal);
    if (known !== undefined) return known;
  }
  const first = plan.kind === "read" ? plan : ({ kind: "limit", input: plan, rows: 1 } as const);
  for await (const block of consume({ plan: first, runtime }, settings)) return schemaOf(block.columns);
  return { fields: [] };
}
