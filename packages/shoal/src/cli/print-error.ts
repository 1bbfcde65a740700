import { ShoalError, stackFrames } from "@shoal/core";
import { exitCodes } from "./exit-codes.ts";
import { flagHints, inWordsOfFlags } from "./flag-hints.ts";

/** Says on standard error what went wrong and what to do; gives the exit code. `SHOAL_DEBUG=1` adds stacks. */
export function printError(thrown: unknown): number {
  const error = ShoalError.from(thrown);
  if (error.code === "aborted") {
    const { kept, keptBy } = error.details ?? {};
    process.stderr.write(typeof keptBy === "string" && kept === undefined ? "Interrupted. Nothing was published; what is done is kept, and what workers still finish. Go on with it: the same command with --resume.\n" : typeof kept === "number"
      ? `Interrupted. Nothing was published; the ${kept.toLocaleString("en-US")} ${kept === 1 ? "row that is done is" : "rows that are done are"} kept${keptBy === undefined ? "" : ", and those that workers still finish"}. Go on with ${kept === 1 && keptBy === undefined ? "it" : "them"}: the same command with --resume.\n`
      : "Interrupted. No row of what was under way is kept or published: the next run starts at its first row.\n");
    return exitCodes.interrupted;
  }
  const debug = process.env["SHOAL_DEBUG"];
  const trace = debug !== undefined && debug !== "" ? `\n${stacks(error)}` : userFrame(error);
  process.stderr.write(`error ${error.code}: ${inWordsOfFlags(error)}${flagHints(error)}${trace}\n`);
  return usageCodes.has(error.code) ? exitCodes.usage : exitCodes.failed;
}

/** What the person typed was wrong, rather than what the run met. */
const usageCodes = new Set(["bad-option", "no-job", "unknown-format", "unknown-task", "bad-link", "unwritable-location", "output-is-input"]);

/** The first line of the stack that is the user's own code, unless the message names its place. */
function userFrame(error: Error): string {
  const own = [error, error.cause].flatMap((each) => (each instanceof Error ? stackFrames(each.stack) : [])).find(({ owner }) => owner === "user");
  return own === undefined || error.message.includes(own.position) ? "" : `\n  ${own.text}`;
}

function stacks(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stacks(error.cause)}` : "";
  return `${error.stack ?? String(error)}${cause}`;
}
