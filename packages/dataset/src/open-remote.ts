import { ShoalError } from "@shoal/core";
import type { Environment, RemoteJob } from "@shoal/executor";
import { travel, type PhysicalOperator, type StayingStep } from "@shoal/planner";
import { checkRunner } from "./check-runner.ts";
import type { RunSettings } from "./run-settings.ts";

/** A run's environment with its part of the many machines, if it has one. Disposing it takes back what is not finished. */
export interface Remote extends AsyncDisposable {
  readonly environment: Environment;
  /** The output is there. */
  published(): Promise<void>;
}

/**
 * Opens the job of a run that says `on`.
 * @param identity of a run that may be continued: the same for one that reads the same rows from the start, and cuts them alike
 * @throws `bad-option` for an `on` that is no coordinator; `nothing-travels` where it has predictors and none of them can leave this machine; what the coordinator refuses it with.
 */
export async function openRemote(physical: PhysicalOperator, settings: RunSettings, environment: Environment, identity?: string): Promise<Remote> {
  const { on, volunteers = false, note, priority } = settings;
  checkRunner(on);
  if (on === undefined) return here(environment);
  const { segments, stays } = travel(physical, { code: on.takesCode === true });
  const kept = stays.filter((step) => step.predictor);
  const [first] = segments;
  if (first === undefined) {
    const { note = "", mayRunHere = false } = on.whenAllStays ?? {};
    if (kept.length > 0 && !mayRunHere) throw nothingTravels(on.name, kept);
    return here({ ...environment, notices: [`Nothing of this goes to ${on.name}: ${kept.length === 0 ? "it has no predictor" : reasons(kept)}.${note === "" ? "" : ` ${note}`}`] });
  }
  const job = await on.openJob({
    name: settings.name ?? first.name, volunteers,
    plan: physical,
    ...(settings.resume === true && { resume: true }),
    ...(identity !== undefined && { identity }),
    ...(note !== undefined && { note }),
    ...(priority !== undefined && { priority }),
    signal: environment.signal ?? new AbortController().signal,
    onNotice: (message) => environment.onEvent?.({ kind: "notice", message }),
  });
  return there(job, { ...environment, remote: job.pools, ...(on.mayJoin !== undefined && { mayJoin: on.mayJoin }), ...(job.kept !== undefined && { keptElsewhere: job.kept }), notices: kept.map(({ step, why }) => `${step} runs here, not on ${on.name}, because ${why}.`) });
}

function here(environment: Environment): Remote {
  return { environment, published: async () => {}, [Symbol.asyncDispose]: async () => {} };
}

function there(job: RemoteJob, environment: Environment): Remote {
  return { environment, published: () => job.published(), [Symbol.asyncDispose]: () => job[Symbol.asyncDispose]() };
}

function reasons(kept: readonly StayingStep[]): string {
  return kept.map(({ step, why }) => `${step} stays, because ${why}`).join("; ");
}

function nothingTravels(coordinator: string, kept: readonly StayingStep[]): ShoalError {
  return new ShoalError("nothing-travels", `No predictor of this run can go to ${coordinator}: ${reasons(kept)}.`, {
    failure: "bug",
    hint: `${kept.some(({ asCode }) => asCode) ? "Let predictors of your own go along as code, with --code (in a program, connect(link, { code: true })), to workers started with --allow-code. Or run it here" : "Run it here"}, without --share or --on (in a program, { on }), or use a declarative predictor such as textClassification(…); --explain shows what travels.`,
    details: { stays: kept.map(({ step, why }) => ({ step, why })) },
  });
}
