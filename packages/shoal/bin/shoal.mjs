#!/usr/bin/env node
// What is installed has no source. In a clone that is what runs, so that `npx shoal` needs no build, and none that is out of date is run.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const source = new URL("../src/cli/main.ts", import.meta.url);

if (existsSync(source)) runSource();
else await import("../dist/cli/main.js");

/** Conditions and loader must be there before the first module is: they are flags of a process. */
function runSource() {
  const loader = new URL("../../workers/ts-loader/register.mjs", import.meta.url);
  const flags = ["--conditions=@shoal/source", ...(process.versions.bun === undefined ? [`--import=${loader.href}`] : [])];
  const child = spawn(process.execPath, [...process.execArgv, ...flags, fileURLToPath(source), ...process.argv.slice(2)], { stdio: "inherit" });
  // A terminal tells both: the command ends in order, and this process after it.
  for (const signal of ["SIGINT", "SIGHUP"]) process.on(signal, () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("exit", (code, signal) => {
    if (signal === null) return void process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
