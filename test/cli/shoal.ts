// Runs the `shoal` command from source, as a person at a shell would.
import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../packages/shoal/src/cli/main.ts", import.meta.url));
const loader = new URL("../../packages/workers/ts-loader/register.mjs", import.meta.url).href;
export const fixtures = fileURLToPath(new URL("./fixtures/", import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
}

export function startShoal(args: readonly string[], cwd: string, stdin?: string): { readonly child: ChildProcess; readonly finished: Promise<Finished> } {
  return start(process.execPath, ["--conditions=@shoal/source", `--import=${loader}`, main, ...args], cwd, stdin);
}

function start(program: string, args: readonly string[], cwd: string, stdin?: string, env?: NodeJS.ProcessEnv): { readonly child: ChildProcess; readonly finished: Promise<Finished> } {
  const child = spawn(program, args, { cwd, stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, ...env } });
  child.stdin.end(stdin ?? "");
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const finished = new Promise<Finished>((resolve) => child.on("close", (code, signal) => resolve({ code, signal, out, err })));
  return { child, finished };
}

export function shoal(args: readonly string[], cwd: string, stdin?: string): Promise<Finished> {
  return startShoal(args, cwd, stdin).finished;
}

/** Runs a line of a shell in which `shoal` is the command. */
export function shell(line: string, cwd: string): Promise<Finished> {
  const quoted = [process.execPath, "--conditions=@shoal/source", `--import=${loader}`, main].map((word) => `'${word}'`).join(" ");
  return start("/bin/bash", ["-c", `shoal() { ${quoted} "$@"; }\n${line}`], cwd).finished;
}

/** Runs the command, or another program that does; what it loaded, as URLs. */
export async function loadedBy(args: readonly string[], cwd: string, program: readonly string[] = ["--conditions=@shoal/source", `--import=${loader}`, main]): Promise<{ readonly code: number | null; readonly modules: readonly string[] }> {
  const list = join(cwd, "modules.txt");
  const { code } = await start(process.execPath, [`--import=${new URL("./fixtures/record-modules.mjs", import.meta.url).href}`, ...program, ...args], cwd, undefined, { SHOAL_TEST_MODULES: list }).finished;
  const modules = [...new Set(readFileSync(list, "utf8").trim().split("\n"))];
  rmSync(list);
  return { code, modules };
}
