import type { Datasink, SinkWriter } from "@shoal/core";
import type { PhysicalOperator } from "@shoal/planner";
import type { Environment } from "../environment.ts";
import { plural } from "../stats/format-quantity.ts";
import { tellNotice } from "../tell-notice.ts";
import { KeptRun } from "./kept-run.ts";
import { nameElsewhere } from "./name-elsewhere.ts";
import { keptByOther, resumeChanged } from "./resume-errors.ts";
import { whyNoLedger, whyNoPosition, whyOtherBlocks } from "./why-not.ts";

/**
 * The run's ledger; undefined where it keeps none, which is said when somebody counts on it.
 * @throws `resume-changed`, `device-changed` where the run that was can't go on as this one; what opening the ledger throws
 */
export async function openKeptRun(plan: PhysicalOperator, sink: Datasink, writer: SinkWriter, environment: Environment, { resume, tellsFreshStart }: { readonly resume: boolean; readonly tellsFreshStart: boolean }, signal: AbortSignal): Promise<KeptRun | undefined> {
  const { ledgers, devices, keptElsewhere: elsewhere } = environment;
  const { unfinished: folder } = writer;
  const before = resume && folder !== undefined ? await ledgers?.look(folder) : undefined;
  // To begin would overwrite the name, and no other run could go on there either.
  if (before?.elsewhere !== undefined && folder !== undefined && elsewhere?.named === undefined) throw keptByOther(sink.name, folder, before.elsewhere.by);
  const nothingKept = ledgers === undefined || folder === undefined || writer.leave === undefined ? `${sink.name} keeps nothing that is unfinished` : undefined;
  const cannot = (why: string): undefined => {
    if (resume) tellNotice(environment, `Nothing can be resumed: ${why}. This run starts at the first row.`);
    return undefined;
  };
  if (elsewhere !== undefined) {
    const { by, named } = elsewhere;
    // Rows of a run that went nowhere else are not made again.
    if ((before?.rows ?? 0) > 0) await elsewhere.goesOnHere();
    else if (named === undefined) return undefined;
    else {
      const why = whyNoLedger(plan) ?? whyOtherBlocks(plan) ?? nothingKept;
      // The run that was could be resumed; this one would leave no name.
      if (why !== undefined && before?.elsewhere !== undefined) throw resumeChanged(sink.name, undefined, [`This one can't be resumed: ${why}.`]);
      if (why !== undefined || ledgers === undefined || folder === undefined) return cannot(why ?? "");
      const startedAt = await nameElsewhere({ plan, location: sink.name, folder, ledgers, resume }, by, named);
      if (resume && (tellsFreshStart || startedAt !== undefined)) tellNotice(environment, startedAt === undefined ? `There is nothing to resume for ${sink.name}: this run starts at the first row.` : `Going on with what ${by} has of it (begun ${startedAt}). What functions take from around them can't be checked.`);
      return undefined;
    }
  }
  const why = whyNoLedger(plan) ?? whyNoPosition(plan) ?? nothingKept;
  if (why !== undefined || ledgers === undefined || folder === undefined) return cannot(why ?? "");
  const ledgerRun = await KeptRun.open({ plan, location: sink.name, folder, ledgers, resume, devices, signal,
    onProblem: (problem) => tellNotice(environment, `What is done from here on can't be resumed: ${problem.toData().message} A resumed run would do it again.`) });
  if (resume && (tellsFreshStart || ledgerRun.rowsKept > 0)) {
    tellNotice(environment, ledgerRun.rowsKept > 0
      ? `Going on after ${plural(ledgerRun.rowsKept, "row")} that ${ledgerRun.rowsKept === 1 ? "is" : "are"} done (begun ${ledgerRun.startedAt}). What functions take from around them can't be checked.`
      : `There is nothing to resume for ${sink.name}: this run starts at the first row.`);
  }
  return ledgerRun;
}
