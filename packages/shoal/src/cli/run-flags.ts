import { availableParallelism } from "node:os";
import { InvalidArgumentError, Option, type Command } from "commander";
import type { RunSettings } from "@shoal/dataset";
import type { OnError } from "@shoal/planner";
import { declaredResources } from "./declared-resources.ts";
import { withManyMachinesFlags, type ManyMachinesFlags } from "./many-machines-flags.ts";

/** The flags that every run takes. */
export interface RunFlags extends ManyMachinesFlags {
  readonly limit?: number;
  readonly onError?: OnError;
  readonly maxErrors?: number;
  readonly preserveOrder: boolean;
  readonly deadLetters?: string;
  readonly resume?: true;
  readonly quiet?: true;
  readonly json?: true;
}

/** @param limited where the rows go of a run that `--limit` cuts short */
export function withRunFlags(command: Command, limited: string): Command {
  command
    .option("--limit <rows>", `stop after so many rows, for trying it out: ${limited}`, wholeNumber)
    .addOption(new Option("--on-error <what>", "what becomes of rows that fail, for steps that say nothing themselves").choices(["fail", "skip", "null", "dead-letter"]).argParser(onError))
    .option("--max-errors <rows>", "fail when more rows than this have failed", wholeNumber)
    .option("--no-preserve-order", "hand blocks on as they finish")
    .option("--cpus <n>", `CPUs the run may use (detected: ${availableParallelism()})`, number)
    .option("--gpus <n>", "GPUs the run may use (detected)", number)
    .option("--memory <bytes>", "memory the run may use, as in 8GB (detected)", bytes)
    .option("--dead-letters <file>", "JSONL file for failed rows, where the output keeps none")
    .option("--resume", "go on with what an earlier run of this job has left unfinished; with nothing to resume, start")
    .option("-q, --quiet", "no progress and no report, only errors")
    .option("--json", "events as JSON lines on standard output (on standard error when the rows go to standard output)");
  return withManyMachinesFlags(command);
}

/** What the flags say, as settings of a run. */
export function runSettings(flags: RunFlags, signal: AbortSignal): RunSettings {
  return {
    signal,
    resources: declaredResources(flags),
    progress: flags.quiet === undefined && flags.json === undefined,
    preserveOrder: flags.preserveOrder,
    ...(flags.limit !== undefined && { limit: flags.limit }),
    ...(flags.onError !== undefined && { onError: flags.onError }),
    ...(flags.maxErrors !== undefined && { maxErrors: flags.maxErrors }),
    ...(flags.resume && { resume: true }),
    ...(flags.deadLetters !== undefined && { deadLetters: flags.deadLetters }),
  };
}

/** For an output that the command itself names: whoever says both means this output to have no more rows. */
export function ownLimit({ limit }: RunFlags): RunSettings {
  return limit === undefined ? {} : { limit };
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value) || value < 0) throw new InvalidArgumentError("It must be a whole number of at least 0.");
  return value;
}

export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && Number.isFinite(value))) throw new InvalidArgumentError("It must be a number of at least 0.");
  return value;
}

/** `4`, or `1-4`: as many as the queue needs. */
export function actors(text: string): number | readonly [number, number] {
  const range = /^(\d+)-(\d+)$/.exec(text.trim());
  if (range !== null) return [Number(range[1]), Number(range[2])];
  const value = wholeNumber(text);
  if (value < 1) throw new InvalidArgumentError("It must be at least 1.");
  return value;
}

const units = { "": 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12, ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30, ti: 2 ** 40 } as const;

export function bytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]i?)?b?$/i.exec(text.trim());
  if (match === null) throw new InvalidArgumentError("It must be a number of bytes, as in 8000000000, 8GB or 8GiB.");
  return Number(match[1]) * units[(match[2] ?? "").toLowerCase() as keyof typeof units];
}

const words = { fail: "fail", skip: "skip", null: "null", "dead-letter": "deadLetter", deadLetter: "deadLetter" } as const;

function onError(text: string): OnError {
  if (text in words) return words[text as keyof typeof words];
  throw new InvalidArgumentError("It must be one of fail, skip, null, dead-letter.");
}
