// Runs the `shoal` command in a folder of its own, and kills it when its ledger has come so far.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { LedgerSummary } from "@shoal/executor";

const { lookIntoLedger } = (await import(new URL("../../packages/shoal/src/platform/node/run-ledger.ts", import.meta.url).href)) as { readonly lookIntoLedger: (folder: string) => Promise<LedgerSummary | undefined> };
const main = fileURLToPath(new URL("../../packages/shoal/src/cli/main.ts", import.meta.url));
const loader = new URL("../../packages/workers/ts-loader/register.mjs", import.meta.url).href;
export const job = fileURLToPath(new URL("./fixtures/job.ts", import.meta.url));

/** What runs a file with these conditions. */
export type Runtime = (file: string) => readonly string[];
export const node: Runtime = (file) => [process.execPath, "--conditions=@shoal/source", `--import=${loader}`, file];

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A folder with an input of some files, in which runs take place. */
export class Place {
  readonly folder: string;
  /** Where jobs write down what they do: it may be another disk. */
  readonly #notes = mkdtempSync(join(tmpdir(), "shoal-notes-"));

  constructor(folder = mkdtempSync(join(tmpdir(), "shoal-resume-")), files = 4, rowsPerFile = 500) {
    this.folder = folder;
    mkdirSync(join(folder, "in"));
    for (let file = 0; file < files; file++) {
      const rows = Array.from({ length: rowsPerFile }, (_, row) => file * rowsPerFile + row);
      writeFileSync(join(folder, "in", `${file}.jsonl`), rows.map((id) => `${JSON.stringify({ id, text: `row ${id}, ${"é".repeat(id % 5)}` })}\n`).join(""));
    }
  }

  path(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  start(args: readonly string[], { runtime = node, stdin = "" }: { readonly runtime?: Runtime; readonly stdin?: string } = {}): { readonly child: ChildProcess; readonly finished: Promise<Finished> } {
    const [command, ...first] = runtime(main);
    const child = spawn(command as string, [...first, "run", ...args], { cwd: this.folder, stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, XDG_CACHE_HOME: join(this.#notes, "cache"), NOTES: this.#notes } });
    child.stdin.on("error", () => {});
    child.stdin.end(stdin);
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
    return { child, finished: new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err }))) };
  }

  run(args: readonly string[], options: { readonly runtime?: Runtime; readonly stdin?: string } = {}): Promise<Finished> {
    return this.start(args, options).finished;
  }

  /** Starts a run, ends it with the signal as soon as its ledger has so many rows, and gives the rows that it then has. */
  async killAfter(rows: number, output: string, args: readonly string[], { runtime = node, signal = "SIGKILL" as NodeJS.Signals } = {}): Promise<Finished & { readonly rows: number }> {
    const { child, finished } = this.start(args, { runtime });
    let over = false;
    void finished.then(() => (over = true));
    while (!over && ((await this.rowsKept(output)) ?? 0) < rows) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill(signal);
    const result = await finished;
    return { ...result, rows: (await this.rowsKept(output)) ?? 0 };
  }

  unfinished(output: string): string {
    const target = this.path(output);
    return join(dirname(target), `.${basename(target)}.shoal-unfinished`);
  }

  async rowsKept(output: string): Promise<number | undefined> {
    return (await lookIntoLedger(this.unfinished(output)))?.rows;
  }

  /** What was written down in a file since it was last asked for. */
  notes(name: string): string[] {
    const path = join(this.#notes, name);
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, "utf8").trim().split("\n");
    rmSync(path);
    return lines;
  }

  /** Every byte of an output: a file, or all files of a folder. What is compressed is opened. */
  output(name: string): Readonly<Record<string, string>> {
    const bytes = (path: string): string => (path.endsWith(".gz") ? gunzipSync(readFileSync(path)) : readFileSync(path)).toString("latin1");
    const path = this.path(name);
    if (!name.endsWith("/")) return { "": bytes(path) };
    return Object.fromEntries(readdirSync(path).filter((file) => !file.startsWith("_")).toSorted().map((file) => [file, bytes(join(path, file))]));
  }

  /** The dead letters beside an output, in an order that does not depend on chance. */
  letters(path: string): string[] {
    return readFileSync(this.path(path), "utf8").trim().split("\n").toSorted();
  }

  remove(): void {
    for (const folder of [this.folder, this.#notes]) rmSync(folder, { recursive: true, force: true });
  }
}
