import { existsSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { Command, Option } from "commander";
import { ShoalError, type Datasink } from "@shoal/core";
import { trialSink, type Dataset, type Job, type JobReport } from "@shoal/dataset";
import { badFlag } from "./bad-flag.ts";
import { CommandRun } from "./command-run.ts";
import { outputIsNamedByFlag, outputIsNamedByJob } from "./flag-hints.ts";
import { flagName } from "./flag-name.ts";
import { logToStandardError } from "./log-to-standard-error.ts";
import { outputSink, withOutputFlags, type OutputFlags } from "./output-sink.ts";
import { ownLimit, withRunFlags, type RunFlags } from "./run-flags.ts";
import { seemsToExportDefault } from "./seems-to-export-default.ts";

interface Flags extends RunFlags, OutputFlags {
  readonly output?: string;
  readonly explain?: true;
}

export function runCommand(): Command {
  const command = withOutputFlags(new Command("run")
    .description("Run a job file. Its default export is a Job, a Dataset or a function giving one; a file without one is simply run.")
    .argument("<job>", "job file: .ts, .js, .mts or .mjs")
    .argument("[args...]", "what the job finds in process.argv")
    .option("-o, --output <path>", "where a Dataset's rows go: a file, a folder, or - for standard output (the default); --out, as shoal infer calls it, is the same")
    .addOption(new Option("--out <path>").hideHelp().conflicts("output")))
    .option("--explain", "print the plan and stop");
  return withRunFlags(command, "an output that the job names stays as it is, and they go beside it, as to out/stories.limit-20/; with -o they go there").action((job: string, args: string[], { out, ...flags }: Flags & { readonly out?: string }) => run(job, args, out === undefined ? flags : { ...flags, output: out }));
}

async function run(file: string, args: readonly string[], flags: Flags): Promise<void> {
  const path = resolve(file);
  if (!existsSync(path)) throw new ShoalError("no-job", `There is no job file ${path}.`, { hint: "Check the name and the folder; shoal run --help shows how it is used." });
  if (!/\.[cm]?[jt]s$/i.test(path)) {
    throw new ShoalError("no-job", `${file} is no job file: that is a program (.ts, .mts, .js or .mjs) whose default export is a Dataset or a Job.`, {
      hint: `shoal inspect ${file} shows what is in a file of rows; shoal infer ${file} --task … predicts over them without a program.`,
    });
  }
  outputIsNamedByJob();
  await using commandRun = await CommandRun.begin(flags, basename(path).replace(/\.[cm]?[jt]s$/i, ""));
  process.argv = [process.argv[0] as string, path, ...args];
  // The file says only when it has run whether its rows go to standard output.
  const seemsToExport = seemsToExportDefault(readFileSync(path, "utf8"));
  let logAsBefore = flags.json || flags.output === "-" || seemsToExport ? logToStandardError() : undefined;
  const rowsTo = (output: string | undefined, replaces: boolean): void => {
    if (flags.json || output === "-") logAsBefore ??= logToStandardError();
    else logAsBefore?.();
    commandRun.rowsTo(output, replaces);
  };
  // Else all of it would be computed before it is known that there is no plan to print.
  if (flags.explain && !seemsToExport) commandRun.refuseRuns(badFlag(`--explain needs a default export, and ${file} begins a run in its body.`, "Leave it out; or let the file export a Dataset or a Job, whose plan it prints; or print dataset.explain() in the body."));
  const { importJob } = await import("./import-job.ts");
  const exported = await importJob(path);
  // The file's body was the job.
  if (!("default" in exported)) {
    refuse(flags, ["output", "format", "overwrite", "maxRowsPerFile", "explain"], `${file} has no default export: it runs in its body`);
    if (!commandRun.began) process.stderr.write(`note: ${file} came to its end without a run: it has no default export, and its body consumed no dataset (as where all outputs are there already).\n`);
    await commandRun.ended();
    // It is known only now, and what was asked for is done.
    if (flags.resume && commandRun.onlyRead) process.stderr.write(`note: --resume had no effect: ${file} has no default export, and the runs in its body write no output to go on with.\n`);
    return;
  }
  const job = typeof exported.default === "function" ? await (exported.default as () => unknown)() : await exported.default;
  if (isJob(job)) {
    refuse(flags, ["output", "format", "overwrite", "maxRowsPerFile"], `the job names its own sink, ${job.sink.name}`);
    if (flags.explain) return void process.stdout.write(`${job.explain()}\n`);
    const { path: output, mode } = (trialSink(job.sink, flags).spec?.options ?? {}) as { readonly path?: string; readonly mode?: string };
    outputIsNamedByJob(overwriting(job.sink));
    rowsTo(output, mode === "overwrite");
    commandRun.finish(await job.run());
    return commandRun.ended();
  }
  if (isDataset(job)) {
    if (flags.explain) return void process.stdout.write(`${job.explain()}\n`);
    const output = flags.output ?? "-";
    outputIsNamedByFlag();
    rowsTo(output, flags.overwrite === true);
    commandRun.finish(await job.write(outputSink(output, flags), ownLimit(flags)), ownLimit(flags));
    return commandRun.ended();
  }
  throw new ShoalError("no-job", `The default export of ${file} is neither a Job, a Dataset, nor a function giving one.`, {
    hint: "Write: export default dataset.to(parquet(\"out/labels/\")); or leave the default export out and consume the dataset in the file's body.",
  });
}

/** How the job would name this output, with leave to replace it. */
function overwriting({ name, spec }: Datasink): string {
  const path = spec?.options["path"];
  return spec === undefined || typeof path !== "string" ? `{ mode: "overwrite" } for ${name}` : `${spec.format}(${JSON.stringify(path)}, { mode: "overwrite" })`;
}

/** A flag that would be ignored is refused instead. */
function refuse(flags: Flags, names: readonly ("output" | "format" | "overwrite" | "maxRowsPerFile" | "explain")[], why: string): void {
  const given = names.find((name) => flags[name] !== undefined);
  if (given === undefined) return;
  throw badFlag(`${flagName(given)} has no effect here: ${why}.`, instead(given, flags));
}

function instead(given: keyof Flags, { output }: Flags): string {
  const exported = "let the file export a Dataset, whose output the command names";
  if (given !== "overwrite" || output !== undefined) return `Leave it out, or ${exported}.`;
  return `Say it where the output is named, as in parquet("out/", { mode: "overwrite" }); or ${exported}.`;
}

/** By shape and not by class: the job may import another copy of this package. */
function isJob(value: unknown): value is Job & { run(): Promise<JobReport> } {
  return typeof value === "object" && value !== null && "dataset" in value && "sink" in value && "run" in value;
}

function isDataset(value: unknown): value is Dataset {
  return typeof value === "object" && value !== null && "plan" in value && "write" in value;
}
