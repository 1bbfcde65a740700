import { schemaOf, type Schema } from "@shoal/core";
import type { Dataset } from "./dataset.ts";
import type { RunSettings } from "./run-settings.ts";

/**
 * Asks the source where no step follows it. A source that does not know shows its first block, a plan with steps is run for one row:
 * no more than that is predicted. An empty dataset has no columns.
 */
export async function schemaOfPlan<R extends object>(dataset: Dataset<R>, settings: RunSettings): Promise<Schema> {
  if (dataset.plan.kind === "read") {
    const known = await dataset.plan.source.schema?.(settings.signal ?? new AbortController().signal);
    if (known !== undefined) return known;
  }
  const first = dataset.plan.kind === "read" ? dataset : dataset.limit(1);
  for await (const block of first.iterBlocks(settings)) return schemaOf(block.columns);
  return { fields: [] };
}
