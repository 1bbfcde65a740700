import { formatStats } from "@shoal/executor";
import type { JobReport } from "@shoal/dataset";
import { exitCodes } from "./exit-codes.ts";

/** Says what came out and what it took; sets the exit code. */
export function finish({ result, stats }: JobReport, flags: { readonly quiet?: true; readonly json?: true }): void {
  if (flags.quiet === undefined && flags.json === undefined) {
    process.stderr.write(`${formatStats(stats)}\n`);
    const files = result.files.length === 1 ? "1 file" : `${result.files.length} files`;
    process.stderr.write(`${result.rows} rows in ${files}: ${result.location === "-" ? "standard output" : result.location}\n`);
    if (result.deadLetters !== undefined) process.stderr.write(`Rows that failed: ${result.deadLetters}\n`);
  }
  if (result.deadLetters !== undefined) process.exitCode = exitCodes.deadLetters;
}
