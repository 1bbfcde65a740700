import { spawn } from "node:child_process";
import * as nodeModule from "node:module";
import process from "node:process";
import { fileURLToPath } from "node:url";
import * as sourceCondition from "./source-condition.mjs";

const condition = "--conditions=@shoal/source";
const loader = new URL("../../workers/ts-loader/register.mjs", import.meta.url).href;

/**
 * Runs the command from its source, in the very process that was started: whoever ends that one, by whatever signal, ends the command.
 * Deno, and Bun where a process can't be replaced, know the condition only as a flag: there it is a process of its own, tied to this one.
 */
export async function runSource(source) {
  const { bun, deno } = process.versions;
  if (bun === undefined && deno === undefined) return runHere(source);
  const flags = [...process.execArgv, condition];
  const args = process.argv.slice(2);
  if (process.execve !== undefined && process.platform !== "win32") return process.execve(process.execPath, [process.execPath, ...flags, fileURLToPath(source), ...args], process.env);
  runTied([...flags, fileURLToPath(new URL("./tied-command.mjs", import.meta.url)), String(process.pid), ...args]);
}

async function runHere(source) {
  if (nodeModule.registerHooks) nodeModule.registerHooks(sourceCondition);
  else nodeModule.register("./source-condition.mjs", import.meta.url);
  await import(loader);
  // What a job starts by `fork` is to find the sources, too.
  process.execArgv.push(condition, `--import=${loader}`);
  await import(source.href);
}

/**
 * In a session of its own the command hears nothing of the terminal: each signal reaches it once, through this process.
 * @param args of the runtime, for the command's process
 */
export function runTied(args) {
  const child = spawn(process.execPath, args, { stdio: "inherit", detached: process.platform !== "win32" });
  // Of one that it has sent a signal by `child.kill`, Deno says that the signal ended it.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => handOn(child.pid, signal));
  child.on("error", (error) => {
    process.stderr.write(`error: The command could not be started by ${process.execPath}: ${error.message}\n`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    if (signal === null) return void process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function handOn(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended, and how is about to be told.
  }
}
