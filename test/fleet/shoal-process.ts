// The `shoal` command in processes of their own, in whatever runtime.
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { startCoordinator, type Coordinator, type CoordinatorOptions } from "@shoal/coordinator";
import { onTestFinished } from "vitest";
import { runtimes } from "../agent/start-work.ts";
import { startReading, type Reading } from "../coordinator/reading.ts";
import type { RuntimeName } from "../runtimes/find-runtime.ts";

export interface ShoalProcess {
  readonly child: ChildProcess;
  readonly out: Reading;
  readonly err: Reading;
  /** Once it has ended and all that it said was read; null: by a signal. */
  readonly code: Promise<number | null>;
  /** As no process can refuse. Settles when it is gone. */
  kill(): Promise<void>;
  /** To it and to its actors. */
  signal(name: "SIGSTOP" | "SIGCONT"): void;
}

export interface ProcessOptions {
  readonly runtime?: "node" | RuntimeName;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts `shoal` with these arguments in a folder, where its cache is too. It is killed when the test is over. */
export function startShoal(folder: string, args: readonly string[], { runtime = "node", env = {} }: ProcessOptions = {}): ShoalProcess {
  return startProgram(folder, [...(runtimes.find(({ name }) => name === runtime)?.command ?? []), ...args], env);
}

/** Starts a program of the tests by Node, as `startShoal` starts the command. */
export function startScript(folder: string, path: string, args: readonly string[], env: ProcessOptions["env"] = {}): ShoalProcess {
  return startProgram(folder, [...(runtimes[0]?.command.slice(0, -1) ?? []), path, ...args], env);
}

function startProgram(folder: string, [program = "", ...args]: readonly string[], env: ProcessOptions["env"]): ShoalProcess {
  const child = spawn(program, args, {
    cwd: folder, env: { ...process.env, XDG_CACHE_HOME: join(folder, "cache"), HF_HOME: join(folder, "cache", "huggingface"), ...env }, stdio: ["ignore", "pipe", "pipe"],
    // In a group of its own, which its actors are in too.
    detached: true,
  });
  const code = new Promise<number | null>((resolve) => child.on("close", resolve));
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await code;
  };
  const signal = (name: NodeJS.Signals): void => void (child.pid !== undefined && child.exitCode === null && child.signalCode === null && process.kill(-child.pid, name));
  onTestFinished(async () => {
    signal("SIGCONT");
    await kill();
  });
  return { child, out: startReading(child.stdout), err: startReading(child.stderr), code, kill, signal };
}

export interface CoordinatorLinks {
  readonly url: string;
  readonly links: { readonly volunteer: string; readonly work: string; readonly submit: string; readonly dashboard: string };
}

export interface CoordinatorProcess extends CoordinatorLinks {
  readonly process: ShoalProcess;
}

/** `shoal serve` on its folder; the same links each time. Settles when it lets others in. */
export async function startServe(folder: string, args: readonly string[] = []): Promise<CoordinatorProcess> {
  const process = startShoal(folder, ["serve", "--folder", "coordinator", "--json", ...args]);
  const [line] = await process.out.until(/^\{"kind":"links".*\}$/m);
  return { process, ...(JSON.parse(line) as CoordinatorLinks) };
}

/** A coordinator in this very process, for tests that set its numbers or look inside. */
export async function startOwn(folder: string, options: CoordinatorOptions = {}): Promise<CoordinatorLinks & { readonly coordinator: Coordinator }> {
  const coordinator = await startCoordinator({ folder: join(folder, "coordinator"), ...options });
  onTestFinished(() => coordinator.close());
  const links = {
    volunteer: await coordinator.link(["work"], { volunteer: true }), work: await coordinator.link(["work"]), submit: await coordinator.link(["submit"]), dashboard: await coordinator.link(["observe"], { page: "dashboard" }),
  };
  return { coordinator, url: coordinator.url, links };
}

/** `shoal work` on the CPU. */
export function startWorker(folder: string, { links: { work } }: CoordinatorLinks, label: string, options: ProcessOptions & { readonly args?: readonly string[] } = {}): ShoalProcess {
  return startShoal(folder, ["work", work, "--label", label, "--cpus", "1", "--device", "cpu", "--json", ...(options.args ?? [])], options);
}
