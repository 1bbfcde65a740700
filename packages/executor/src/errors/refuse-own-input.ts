import { ShoalError, type Datasink } from "@shoal/core";
import { physicalInputsOf, type PhysicalOperator } from "@shoal/planner";

/**
 * An output that took the place of its own input could not be made again: a limit, a filter or a wrong step would cost the rows for good.
 * @throws `output-is-input`
 */
export async function refuseOwnInput(plan: PhysicalOperator, sink: Datasink, signal: AbortSignal): Promise<void> {
  if (sink.path === undefined) return;
  for (const input of physicalInputsOf(plan)) await refuseOwnInput(input, sink, signal);
  const file = plan.kind === "scan" ? await plan.source.fileAt?.(sink.path, signal) : undefined;
  if (file === undefined) return;
  throw new ShoalError("output-is-input", `${sink.name} would take the place of "${file}", which this run reads.`, {
    hint: "Write to another path; an output that is whole can be given the input's name afterwards. Where an earlier output lies among the files that are read, name the others alone.",
    failure: "bug",
    details: { path: sink.path, file },
  });
}
