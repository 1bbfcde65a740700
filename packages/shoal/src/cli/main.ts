#!/usr/bin/env node
import { setMaxListeners } from "node:events";
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { fileError } from "@shoal/io";
import { exitCodes } from "./exit-codes.ts";
import { printError } from "./print-error.ts";
import { untimelyEnd } from "./untimely-end.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string };

// A coordinator has more than ten things under way that all end by one signal; Node would call that a leak, in the midst of its news.
setMaxListeners(100);

// Events and texts are written without waiting: what becomes of them is heard of here.
const outputFailed = (error: unknown): void => untimelyEnd.end(fileError(error, "write to standard output"));
process.stdout.on("error", outputFailed);
// Where nobody can be told anything, the work is still good, and the exit code says so.
process.stderr.on("error", () => {});

/** Each loads what it needs. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import("./run-command.ts")).runCommand(),
  infer: async () => (await import("./infer-command.ts")).inferCommand(),
  serve: async () => (await import("./serve-command.ts")).serveCommand(),
  inspect: async () => (await import("./inspect-command.ts")).inspectCommand(),
  work: async () => (await import("./work-command.ts")).workCommand(),
  doctor: async () => (await import("./doctor-command.ts")).doctorCommand(),
};
// Whoever names one needs no other; only the help of all tells of all.
const [, , first = ""] = process.argv;
const needed = Object.hasOwn(commands, first) ? [commands[first] as (typeof commands)[string]] : Object.values(commands);

const program = new Command("shoal")
  .description("Offline batch inference: one lazy pipeline over a dataset, run by whatever can compute.")
  .version(version)
  .addHelpText("after", "\nExit codes: 0 ok, 1 failed, 2 wrong usage, 3 finished with dead letters, 130 interrupted.\nShoalError codes and what to do about them: ERRORS.md in the package shoal (node_modules/shoal/ERRORS.md).")
  .showHelpAfterError("(shoal --help shows how it is used)")
  .exitOverride();
for (const command of await Promise.all(needed.map((load) => load()))) program.addCommand(command.exitOverride().showHelpAfterError(`(shoal ${command.name()} --help shows how it is used)`));

try {
  await Promise.race([program.parseAsync(), untimelyEnd.atOnce]);
  await written(process.stdout).catch(outputFailed);
  if (untimelyEnd.error !== undefined) throw untimelyEnd.error;
} catch (thrown) {
  // Help is output, too.
  if (thrown instanceof CommanderError) await written(process.stdout).catch(outputFailed);
  // A run that it has ended says that it was ended.
  const error = untimelyEnd.error ?? thrown;
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  } else {
    process.exitCode = printError(error);
  }
}
// A library of the job's may hold a handle open; the work is done, and output that is still on its way is waited for.
await Promise.allSettled([written(process.stdout), written(process.stderr)]);
untimelyEnd.isOver = true;
process.exit();

/** Settles when everything written so far has left. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve, reject) => stream.write("", (error) => (error == null ? resolve() : reject(error))));
}
