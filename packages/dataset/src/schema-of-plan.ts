import { schemaOf, type Schema } from "@shoal/core";
import type { Dataset } from "./dataset.ts";
import type { RunSettings } from "./run-settings.ts";

/** Asks the source where no step follows it, and otherwise runs the plan for one row. An empty dataset has no columns. */
export async function schemaOfPlan<R extends object>(dataset: Dataset<R>, settings: RunSettings): Promise<Schema> {
  if (dataset.plan.kind === "read") {
    const known = await dataset.plan.source.schema?.(settings.signal ?? new AbortController().signal);
    if (known !== undefined) return known;
  }
  let schema: Schema = { fields: [] };
  for await (const block of dataset.limit(1).iterBlocks(settings)) schema = schemaOf(block.columns);
  return schema;
}
