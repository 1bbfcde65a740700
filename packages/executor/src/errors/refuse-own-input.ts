import { ShoalError, type Datasink } from "@shoal/core";
import { physicalInputsOf, type PhysicalOperator } from "@shoal/planner";

/**
 * An output that took the place of its own input could not be made again: a limit, a filter or a wrong step would cost the rows for good. So would its dead letters.
 * @throws `output-is-input`
 */
export async function refuseOwnInput(plan: PhysicalOperator, { name, path, deadLettersPath }: Pick<Datasink, "name" | "path" | "deadLettersPath">, signal: AbortSignal): Promise<void> {
  if (path !== undefined) await refuseAt(path, name, plan, signal);
  if (deadLettersPath !== undefined) await refuseAt(deadLettersPath, `The dead letters beside ${name}`, plan, signal);
}

/** @param what is going to stand there, as a message says it */
async function refuseAt(path: string, what: string, plan: PhysicalOperator, signal: AbortSignal): Promise<void> {
  for (const input of physicalInputsOf(plan)) await refuseAt(path, what, input, signal);
  const file = plan.kind === "scan" ? await plan.source.fileAt?.(path, signal) : undefined;
  if (file === undefined) return;
  throw new ShoalError("output-is-input", `${what} would take the place of "${file}", which this run reads.`, {
    hint: "Write to another path; an output that is whole can be given the input's name afterwards. Where an earlier output lies among the files that are read, name the others alone.",
    failure: "bug",
    details: { path, file },
  });
}
