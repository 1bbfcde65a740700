import { ShoalError } from "@shoal/core";

/** @param changed when, where that is known. */
export function outputExists(location: string, changed?: Date): ShoalError {
  return new ShoalError("output-exists", `There is already an output at "${location}"${changed === undefined ? "" : ` (changed ${changed.toISOString()})`}.`, {
    hint: `Choose another path, remove it, or replace it with { mode: "overwrite" }.`,
    failure: "bug",
    details: { path: location },
  });
}

/**
 * @param unfinished what the earlier run left
 * @param started when it did, where that is known
 */
export function outputUnfinished(location: string, unfinished: string, started?: string): ShoalError {
  return new ShoalError("output-unfinished", `An earlier run left the output "${location}" unfinished in "${unfinished}"${started === undefined ? "" : ` (started ${started})`}.`, {
    hint: `Start anew with { mode: "overwrite" }, which removes it, or choose another path.`,
    failure: "bug",
    details: { path: location, unfinished },
  });
}

/**
 * What was written is not what lies there.
 * @param what happened to which file
 * @param isKept what is still there can be gone on with
 */
export function outputDamaged(location: string, what: string, { cause, isKept }: { readonly cause?: unknown; readonly isKept: boolean }): ShoalError {
  return new ShoalError("output-damaged", `Can't publish "${location}" whole: ${what}.`, {
    hint: `Nothing was published. See what removes or changes files there (a cleaner, another job), and run it again${isKept ? "; { resume: true } goes on with what is still kept" : ""}.`,
    failure: "bug",
    details: { path: location },
    ...(cause === undefined ? {} : { cause }),
  });
}
