import { InvalidArgumentError, type Command } from "commander";
import { badFlag } from "./bad-flag.ts";
import { coordinatorOptions, withCoordinatorFlags, type CoordinatorFlags } from "./coordinator-flags.ts";
import type { ResourceFlags } from "./declared-resources.ts";
import { flagName } from "./flag-name.ts";

/** Flags of a run that may go to more than this process. */
export interface ManyMachinesFlags extends CoordinatorFlags, ResourceFlags {
  readonly share?: true;
  readonly on?: string;
  readonly dashboard?: true;
  readonly volunteers?: true;
  readonly code?: true;
  readonly name?: string;
  readonly note?: string;
  readonly priority?: number;
  readonly resume?: true;
  readonly explain?: true;
}

export function withManyMachinesFlags(command: Command): Command {
  command
    .option("--share", "let others help: this machine computes, and prints links for machines and tabs that join")
    .option("--on <link>", "run on a coordinator's workers, by the link that shoal serve prints beside \"Bring a job\"; what can't travel runs here")
    .option("--dashboard", "watch the run in a browser: prints a link for this machine")
    .option("--volunteers", "with --share or --on: tabs, and everybody with the link, may see the rows and help")
    .option("--code", "with --share, --on or --dashboard: predictors of your own run as code, on this machine and on workers started with --allow-code (needs the package rolldown); with --explain: show what would travel then")
    .option("--name <name>", "what others see the job called (default: after its file)")
    .option("--note <sentence>", "what its rows are, for volunteers")
    .option("--priority <n>", "with --share or --on: of several jobs on one coordinator those with the highest get workers first (default: 0), and equal ones share them", priority);
  return withCoordinatorFlags(command, "with --share or --dashboard: ");
}

/** How a coordinator of this process listens. */
const listening = ["host", "port", "https", "cert", "key", "baseUrl"] as const;

/** Flags that are for nothing without a coordinator. */
export function idle(flags: ManyMachinesFlags): string {
  const given = (["share", "dashboard", "volunteers", ...listening] as const).filter((name) => flags[name] !== undefined).map(flagName);
  return given.length === 1 ? `${given[0]} has no effect` : `${given.slice(0, -1).join(", ")} and ${given.at(-1)} have no effect`;
}

function priority(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value)) throw new InvalidArgumentError("It must be a whole number; more goes first, and less than 0 after all others.");
  return value;
}

/** @throws `bad-option` for flags that contradict one another; `bad-link` */
export async function checkManyMachinesFlags(flags: ManyMachinesFlags): Promise<void> {
  const { share, on, dashboard, volunteers, code, note, explain } = flags;
  if (on !== undefined && share) throw badFlag("--share and --on contradict each other.", "--share makes a coordinator of this process; --on uses one that runs elsewhere.");
  if (on !== undefined && dashboard) throw badFlag("--dashboard has no effect with --on.", "Open the dashboard's link that shoal serve printed.");
  const flag = listening.find((name) => flags[name] !== undefined);
  if (flag !== undefined && !share && !dashboard) throw badFlag(`${flagName(flag)} has no effect without --share or --dashboard.`, "Add --share, or leave it out.");
  if (volunteers && !share && on === undefined) throw badFlag("--volunteers has no effect without --share or --on.", "Add --share.");
  if (code && !share && on === undefined && !dashboard && !explain) throw badFlag("--code has no effect without --share, --on, --dashboard or --explain.", "Add --share.");
  if (note !== undefined && !share && on === undefined) throw badFlag("--note has no effect without --share or --on.", "Add --share.");
  if (flags.priority !== undefined && !share && on === undefined) throw badFlag("--priority has no effect without --share or --on.", "Add --on and the link of a coordinator.");
  if (share || dashboard) coordinatorOptions(flags);
  if (on !== undefined) (await import("@shoal/cluster")).parseLink(on);
}
