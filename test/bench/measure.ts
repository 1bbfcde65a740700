import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { compilePrograms } from "./compile.ts";

/** What a measured program prints as its last line of JSON; times in seconds since 1970. */
export interface Said {
  readonly rows: number;
  /** When the first rows were done, and how many those were. */
  readonly t_first: number;
  readonly n_first: number;
  readonly t_end: number;
  readonly [more: string]: unknown;
}

/** One program from its start to its end, with every process it started. */
export interface Measurement {
  readonly label: string;
  readonly rows: number;
  /** From process start to the last row. */
  readonly seconds: number;
  /** From process start to the first rows. */
  readonly firstRow: number;
  /** Over `seconds`. */
  readonly rowsPerSecond: number;
  /** After the first rows. */
  readonly steady: number;
  /** CPU seconds of all its processes: what noise of the machine changes least. NaN where /proc is missing. */
  readonly cpuSeconds: number;
  /** The most memory that its processes held together (proportional set size). NaN where /proc is missing. */
  readonly peakMB: number;
  /** That memory over time. */
  readonly memory: readonly { readonly at: number; readonly mb: number }[];
  readonly said: Said;
}

const sampleEveryMs = 250;
const now = (): number => Date.now() / 1000;

const programs = compilePrograms(new URL("./", import.meta.url), fileURLToPath(new URL("./out/programs/", import.meta.url)));

/** The command that runs a program of this folder, as in `jobs/text`, in a process of its own. */
export function script(program: string, settings: object): readonly string[] {
  return [process.execPath, programFile(program), JSON.stringify(settings)];
}

/** The file of such a program. */
export function programFile(program: string): string {
  return `${programs}${program}.js`;
}

/** @throws an Error with the end of what it printed, when it fails or says nothing. */
export async function measure(label: string, command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Measurement> {
  return run(label, command, env, (out) => {
    const line = out.split("\n").findLast((text) => text.startsWith("{"));
    return line === undefined ? undefined : (JSON.parse(line) as Said);
  });
}

/** A program that says nothing of itself, from its start to its end. @throws an Error with the end of what it printed, when it fails. */
export async function measureProcess(label: string, command: readonly string[], rows: number): Promise<Measurement> {
  return run(label, command, {}, () => ({ rows, t_first: NaN, n_first: 0, t_end: now() }));
}

async function run(label: string, command: readonly string[], env: Readonly<Record<string, string>>, listen: (out: string) => Said | undefined): Promise<Measurement> {
  const [file, ...args] = command as [string, ...string[]];
  const began = now();
  const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let errors = "";
  child.stdout.on("data", (text: Buffer) => (out += text.toString()));
  child.stderr.on("data", (text: Buffer) => (errors = (errors + text.toString()).slice(-4000)));
  const sampler = new TreeSampler(child.pid as number, began);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  sampler.stop();
  const said = code === 0 ? listen(out) : undefined;
  if (said === undefined) throw new Error(`${label} ended with code ${code} and said:\n${errors}${out.slice(-1000)}`);
  const seconds = said.t_end - began;
  return {
    label, rows: said.rows, seconds, said,
    firstRow: said.t_first - began,
    rowsPerSecond: said.rows / seconds,
    steady: (said.rows - (said.n_first ?? 0)) / (said.t_end - said.t_first),
    cpuSeconds: sampler.cpuSeconds, peakMB: sampler.peakMB, memory: sampler.memory,
  };
}

/** Reads /proc a few times a second: memory and CPU time of a process and all its descendants. */
class TreeSampler {
  readonly memory: { at: number; mb: number }[] = [];
  readonly #root: number;
  readonly #began: number;
  readonly #ticks = new Map<number, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(root: number, began: number) {
    this.#root = root;
    this.#began = began;
    this.#timer = setInterval(() => this.#sample(), sampleEveryMs);
  }

  get peakMB(): number {
    return this.memory.length === 0 ? NaN : Math.max(...this.memory.map(({ mb }) => mb));
  }

  /** Of a process that ended, up to its last sample. */
  get cpuSeconds(): number {
    if (this.#ticks.size === 0) return NaN;
    const ticksPerSecond = 100;
    return [...this.#ticks.values()].reduce((sum, ticks) => sum + ticks, 0) / ticksPerSecond;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    let kilobytes = 0;
    for (const pid of descendants(this.#root)) {
      const stat = read(`/proc/${pid}/stat`);
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      // utime and stime, the 14th and 15th field of the whole line.
      if (fields.length > 13) this.#ticks.set(pid, Number(fields[11]) + Number(fields[12]));
      kilobytes += Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0);
    }
    if (kilobytes > 0) this.memory.push({ at: now() - this.#began, mb: kilobytes / 1024 });
  }
}

function descendants(root: number): number[] {
  const found = [root];
  for (let at = 0; at < found.length; at++) {
    const tasks = `/proc/${found[at]}/task`;
    for (const task of list(tasks)) {
      for (const child of read(`${tasks}/${task}/children`).split(" ")) if (child !== "") found.push(Number(child));
    }
  }
  return found;
}

/** Empty where the file is gone, as of a process that just ended. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** CPU seconds so far of the processes of that name which this one has started, or those have, and which still run. NaN where there are none. */
export function cpuSecondsOf(name: string): number {
  const ticks: number[] = [];
  for (const pid of descendants(process.pid)) {
    const stat = read(`/proc/${pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (stat.includes(`(${name})`)) ticks.push(Number(fields[11]) + Number(fields[12]));
  }
  return ticks.length === 0 ? NaN : ticks.reduce((sum, each) => sum + each, 0) / 100;
}

/** The machine in words. */
export function machine(): string {
  const model = /^model name\s*:\s*(.+)$/m.exec(read("/proc/cpuinfo"))?.[1] ?? process.arch;
  const gigabytes = Number(/^MemTotal:\s+(\d+)/m.exec(read("/proc/meminfo"))?.[1] ?? 0) / 1024 ** 2;
  return `${availableParallelism()} cores (${model.replace(/\s+/g, " ")}), ${gigabytes.toFixed(0)} GB, ${process.platform} ${process.arch}`;
}

/** The one of the middle by rows/s: the machine may be shared. */
export function median(measurements: readonly Measurement[]): Measurement {
  const sorted = [...measurements].sort((a, b) => a.rowsPerSecond - b.rowsPerSecond);
  return sorted[Math.floor(sorted.length / 2)] as Measurement;
}
