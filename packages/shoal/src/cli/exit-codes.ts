import { ShoalError } from "@shoal/core";

export const exitCodes = { ok: 0, failed: 1, usage: 2, deadLetters: 3, interrupted: 130 } as const;

/** Says on standard error what went wrong and what to do; gives the exit code. `SHOAL_DEBUG=1` adds stacks. */
export function printError(thrown: unknown): number {
  const error = ShoalError.from(thrown);
  if (error.code === "aborted") {
    const { kept, keptBy } = error.details ?? {};
    process.stderr.write(typeof keptBy === "string" ? "Interrupted. Nothing was published; what is done is kept. Go on with it: the same command with --resume.\n" : typeof kept === "number"
      ? `Interrupted. Nothing was published; the ${kept.toLocaleString("en-US")} ${kept === 1 ? "row that is done is" : "rows that are done are"} kept. Go on with ${kept === 1 ? "it" : "them"}: the same command with --resume.\n`
      : "Interrupted. No row of what was under way is kept or published: the next run starts at its first row.\n");
    return exitCodes.interrupted;
  }
  const debug = process.env["SHOAL_DEBUG"];
  const trace = debug !== undefined && debug !== "" ? `\n${stacks(error)}` : userFrame(error);
  process.stderr.write(`error ${error.code}: ${error.message}${flagsFor(error.hint)}${trace}\n`);
  return usageCodes.has(error.code) ? exitCodes.usage : exitCodes.failed;
}

/** What the person typed was wrong, rather than what the run met. */
const usageCodes = new Set(["bad-option", "no-job", "unknown-format", "unknown-task", "bad-link", "unwritable-location"]);

const flags: readonly (readonly [option: RegExp, flag: string])[] = [
  [/\bresume: true\b/, "--resume"],
  [/mode: "overwrite"/, "--overwrite (for an output that -o names; a job that names its own says mode)"],
  [/\bonError\b/, "--on-error skip"],
  [/\bdeadLetters:/, "--dead-letters failed.jsonl, or -o out.jsonl"],
  [/\bmaxErrors\b/, "--max-errors"],
  [/\breplicas 1\b/, "--replicas 1"],
  [/\bunsafe\b/, "--engine-unsafe"],
  [/\btimeoutMs\b/, "--timeout (shoal infer)"],
];

/** Hints name the options of the API; the person at the command has flags. */
function flagsFor(hint = ""): string {
  const named = flags.filter(([option]) => option.test(hint)).map(([, flag]) => flag);
  return named.length === 0 ? "" : `\n  → With this command: ${named.join(", ")}`;
}

/** Where this package lies in its workspace; undefined where it is installed, below node_modules. */
const workspace = /^(.*\/)packages\/shoal\/(?:src|dist)\//.exec(import.meta.url)?.[1];

/** The first line of the stack that is the user's own code. */
function userFrame(error: Error): string {
  const frames = [error, error.cause].flatMap((each) => (each instanceof Error ? (each.stack ?? "").split("\n") : []));
  const own = frames.find((line) => /^\s+at .*(file:|\/|\\)/.test(line) && !/node:|node_modules/.test(line) && !isOurs(line));
  return own === undefined ? "" : `\n  ${own.trim()}`;
}

function isOurs(line: string): boolean {
  const [, within] = workspace === undefined ? [] : line.split(workspace);
  return within !== undefined && /^(packages\/[a-z-]+|apps\/coordinator)\/(src|dist)\//.test(within);
}

function stacks(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stacks(error.cause)}` : "";
  return `${error.stack ?? String(error)}${cause}`;
}
