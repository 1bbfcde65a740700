import type { PhysicalOperator } from "@shoal/planner";
import type { KeptElsewhere, NamedElsewhere } from "../pool/remote-runner.ts";
import { planChanges } from "./plan-changes.ts";
import { planIdentity } from "./plan-identity.ts";
import { resumeChanged } from "./resume-errors.ts";
import type { RunLedgers } from "./run-ledger.ts";

export interface NameElsewhereParts {
  readonly plan: PhysicalOperator;
  /** Named in messages. */
  readonly location: string;
  readonly folder: string;
  readonly ledgers: RunLedgers;
  /** Go on under the name that an earlier run has left; otherwise the run gets a name of its own. */
  readonly resume: boolean;
}

/**
 * Gives a run that is kept elsewhere its name there, and writes it down beside the output before anything is done under it. Gives when the run began that it continues;
 * undefined: it continues none.
 * @throws `resume-changed` where that was another run than this; what opening the ledger throws
 */
export async function nameElsewhere({ plan, location, folder, ledgers, resume }: NameElsewhereParts, by: KeptElsewhere["by"], named: NamedElsewhere): Promise<string | undefined> {
  const ledger = await ledgers.open(folder);
  try {
    const identity = await planIdentity(plan, ledgers);
    const before = resume && ledger.head?.elsewhere !== undefined ? ledger.head : undefined;
    const changes = before === undefined ? [] : planChanges(before.identity, identity);
    if (changes.length > 0) throw resumeChanged(location, undefined, changes);
    const name = before?.elsewhere?.name ?? named.fresh;
    await ledger.begin({ identity, startedAt: before?.startedAt ?? ledgers.now().toISOString(), elsewhere: { by, name } });
    named.use(name, before !== undefined);
    return before?.startedAt;
  } finally {
    await ledger.close();
  }
}
